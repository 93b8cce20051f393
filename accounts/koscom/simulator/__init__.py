"""KoscomSimulator: a stand-in for the platform, reached by its address alone.

Run it with `python -m accounts.koscom.simulator`; it is never imported by production code.
"""

from accounts.koscom.simulator.faults import KNOWN_FAULTS, Fault
from accounts.koscom.simulator.gateway import KoscomSimulator, SimRequest, SimResponse

__all__ = ["KNOWN_FAULTS", "Fault", "KoscomSimulator", "SimRequest", "SimResponse"]
