"""What a button was pressed with."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orders.kis.simulator.book import SimOrder
from orders.kis.simulator.desk import working

if TYPE_CHECKING:
    from orders.kis.simulator.gateway import KisSimulator

Fields = Mapping[str, Any]


class ControlError(ValueError):
    """The button was pressed with something that does not fit; the text says what."""


def open_order(simulator: KisSimulator, fields: Fields) -> SimOrder:
    number = named(fields)
    order = working(simulator.desk, number)
    if order is None:
        raise ControlError("no such open order" if number else "no open order")
    return order


def named(fields: Fields) -> int | None:
    """The order number that was given, None for "any"."""
    return None if fields.get("order") in {None, ""} else int(fields["order"])


def decimal(fields: Fields, name: str, default: Decimal) -> Decimal:
    found = default if fields.get(name) in {None, ""} else Decimal(str(fields[name]))
    if not found.is_finite() or found <= 0:
        raise ControlError(f"{name} is a positive number")
    return found
