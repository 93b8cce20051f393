"""Faults as a button arms them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from orders.domain.events import RequestKind
from orders.kis.simulator import faults
from orders.kis.simulator.book import SimNotice
from orders.kis.simulator.control.fields import ControlError, Fields, open_order

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator


def arm(simulator: KisSimulator, fields: Fields) -> None:
    """Arms the fault, or does at once what hits the open sockets. Raises ControlError."""
    name = str(fields["fault"])
    fault = _fault(simulator, name, fields)
    at_once: dict[str, Callable[[], None]] = {
        "close_ws": simulator.hub.close_all,
        "drop_ws": simulator.hub.cut_all,
        "freeze_ws": lambda: simulator.hub.freeze(frozen=True),
        "plain_frame": lambda: _forge(simulator),
        "invalid_utf8_frame": simulator.hub.garble,
    }
    if name in at_once:
        at_once[name]()
        return
    try:
        simulator.desk.faults.arm(fault)
    except KeyError as unknown:
        raise ControlError(f"no such fault: {name}") from unknown


def _fault(simulator: KisSimulator, name: str, fields: Fields) -> faults.Fault:
    """`times` is 1 unless it is given or the fault has a rate: then it stays until it is cleared."""
    rate = float(fields.get("rate", 1))
    if not 0 < rate <= 1:
        raise ControlError("rate is more than 0 and at most 1")
    times = None if "rate" in fields and "times" not in fields else int(fields.get("times", 1))
    if times is not None and times < 1:
        raise ControlError("times is at least 1")
    fault = faults.Fault(
        name,
        times,
        paths=(str(fields["path"]),) if fields.get("path") else (),
        accept=fields.get("accept"),
        seconds=None if fields.get("seconds") in {None, ""} else float(fields["seconds"]),
        rate=rate,
        count=int(fields.get("count", 1)),
        code=str(fields.get("code", "")),
        since=simulator.desk.timer(),
    )
    return replace(fault, times=None) if fault.stands else fault


def _forge(simulator: KisSimulator) -> None:
    order = open_order(simulator, {})
    ticket = order.ticket
    simulator.hub.forge(
        SimNotice(order, RequestKind.NEW, ticket.qty, ticket.price, simulator.now(), filled=True, confirmed=True)
    )
