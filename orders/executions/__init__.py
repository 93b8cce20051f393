"""Fill notices: the raw frame is committed first, then each record is understood and applied, or quarantined.

Nothing is dropped. A frame that cannot be opened, a record that breaks a rule and a fact that contradicts the books all
leave a `Notice` row with the reason; the stream goes on.
"""

from orders.executions.journal import Journal, Received, keep, keep_all
from orders.executions.understanding import (
    record_notice,
    replay,
    understand,
    understand_again,
    understand_all,
)
from orders.lease import LeaseLost

__all__ = [
    "Journal",
    "LeaseLost",
    "Received",
    "keep",
    "keep_all",
    "record_notice",
    "replay",
    "understand",
    "understand_again",
    "understand_all",
]
