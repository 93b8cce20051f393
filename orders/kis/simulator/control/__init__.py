"""The buttons: /_control arms faults, brings about market events, and shows what the simulator saw."""

from __future__ import annotations

from decimal import InvalidOperation
from typing import TYPE_CHECKING, Any

from orders.kis.simulator.answers import SimAnswer, SimRequest, answer
from orders.kis.simulator.control.arming import arm
from orders.kis.simulator.control.events import EVENTS
from orders.kis.simulator.control.fields import ControlError, Fields
from orders.kis.simulator.control.showing import show, show_orders, show_truth

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator


def control(simulator: KisSimulator, request: SimRequest) -> SimAnswer:
    """GET shows, POST does. A mistake is 400 with the reason."""
    if request.method == "GET":
        shown = {"/_control/orders": show_orders, "/_control/truth": show_truth}.get(request.path)
        return answer(shown(simulator) if shown else show(simulator, sorted(EVENTS)))
    try:
        simulator.desk.work()
        with simulator.desk.lock:
            return answer(_press(simulator, request.json()))
    except (ControlError, ValueError, KeyError, InvalidOperation) as error:
        return answer({"error": str(error) or type(error).__name__}, 400)


def _press(simulator: KisSimulator, fields: Fields) -> dict[str, Any]:
    if fields.get("clear") is True:
        simulator.desk.faults.clear()
        simulator.hub.freeze(frozen=False)
    elif fields.get("clear"):
        simulator.desk.faults.clear(str(fields["clear"]))
    elif "fault" in fields:
        arm(simulator, fields)
    elif fields.get("event") in EVENTS:
        return {"event": fields["event"], **EVENTS[str(fields["event"])](simulator, fields)}
    else:
        raise ControlError(f"neither clear (true, or a fault's name), a fault nor an event of {sorted(EVENTS)}")
    return {"faults": simulator.desk.faults.remaining()}
