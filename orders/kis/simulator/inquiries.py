"""The inquiries: which orders a request asks for, in which order, on which page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from orders.domain.events import Family, Market
from orders.kis.simulator import rows
from orders.kis.simulator.answers import SimAnswer, SimRequest, listed
from orders.kis.simulator.book import ZERO, SimAccount, SimOrder
from orders.kis.simulator.reservations import Reservation
from orders.kis.tr_ids import TRS, Operation

MOVED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """One inquiry of one account, over what the broker knows of it."""

    request: SimRequest
    account: SimAccount
    orders: Sequence[SimOrder]
    reservations: Sequence[Reservation]
    now: datetime

    def param(self, name: str) -> str:
        return self.request.query.get(name, "").strip()

    def family(self, family: Family) -> list[SimOrder]:
        return [o for o in self.orders if o.ticket.account == self.account and o.family is family]


@dataclass(frozen=True, slots=True)
class Listing:
    """How one inquiry lists: `pick` the rows, the size of a page, and the names of its lists and keys."""

    operation: Operation
    pick: Callable[[Asked], list[rows.Row]]
    page_size: int
    output: str = "output"
    key_width: int = 200
    summary: Callable[[list[rows.Row]], Mapping[str, Any]] = lambda _rows: {}


def _reservations(asked: Asked) -> list[rows.Row]:
    start, end = asked.param("INQR_STRT_DT"), asked.param("INQR_END_DT")
    exchange = asked.param("OVRS_EXCG_CD")
    found = [rows.reservation(r) for r in asked.reservations if r.ticket.account == asked.account]
    dated = [row for row in found if start <= row["rsvn_ord_rcit_dt"] <= end]
    return [row for row in dated if _same_exchange(exchange, row["ovrs_excg_cd"])]


def _open_overseas(asked: Asked) -> list[rows.Row]:
    exchange = asked.param("OVRS_EXCG_CD")
    found = [rows.open_overseas(order) for order in asked.family(Family.OVERSEAS) if order.leaves > ZERO]
    # KIS: NASD stands for all US exchanges here.
    listed_rows = [row for row in found if exchange == "NASD" or _same_exchange(exchange, row["ovrs_excg_cd"])]
    return listed_rows if asked.param("SORT_SQN") == "DS" else listed_rows[::-1]


def _overseas(asked: Asked) -> list[rows.Row]:
    start, end = asked.param("ORD_STRT_DT"), asked.param("ORD_END_DT")
    exchange = asked.param("OVRS_EXCG_CD").strip("%")
    orders = [o for o in asked.family(Family.OVERSEAS) if start <= _day(o.order_date) <= end]
    orders = _by_side_and_fill(orders, asked.param("SLL_BUY_DVSN"), asked.param("CCLD_NCCS_DVSN"))
    found = [rows.overseas(order) for order in orders]
    found = [row for row in found if _same_exchange(exchange, row["ovrs_excg_cd"])]
    return found if asked.param("SORT_SQN") == "DS" else found[::-1]


def _day_derivatives(asked: Asked) -> list[rows.Row]:
    end = asked.param("END_ORD_DT")
    orders = [o for o in _derivatives(asked) if not _is_tonight(o, asked.now) and _day(o.order_date) <= end]
    # The opposite of the overseas inquiries: AS is ascending here.
    found = [rows.day_derivative(order) for order in orders]
    return found if asked.param("SORT_SQN") == "AS" else found[::-1]


def _night_derivatives(asked: Asked) -> list[rows.Row]:
    end = asked.param("END_ORD_DT")
    # KIS: the end date is exclusive at night.
    orders = [o for o in _derivatives(asked) if _is_tonight(o, asked.now) and _day(o.order_date) < end]
    found = [rows.night_derivative(order) for order in orders]
    return found if asked.param("SORT_SQN") == "AS" else found[::-1]


def _is_tonight(order: SimOrder, now: datetime) -> bool:
    """KIS moves the night's rows to the day table about ten minutes after the session."""
    over = order.good_until is not None and now >= order.good_until + MOVED_AFTER
    return order.ticket.market is Market.FO_NIGHT and not over


def _derivatives(asked: Asked) -> list[SimOrder]:
    start = asked.param("STRT_ORD_DT")
    orders = [o for o in asked.family(Family.FO) if start <= _day(o.order_date)]
    return _by_side_and_fill(orders, asked.param("SLL_BUY_DVSN_CD"), asked.param("CCLD_NCCS_DVSN"))


def _stocks(asked: Asked) -> list[rows.Row]:
    start, end = asked.param("INQR_STRT_DT"), asked.param("INQR_END_DT")
    orders = [o for o in asked.family(Family.KRX) if start <= _day(o.order_date) <= end]
    orders = _by_side_and_fill(orders, asked.param("SLL_BUY_DVSN_CD"), asked.param("CCLD_DVSN"))
    found = [rows.stock(order) for order in orders]
    return found if asked.param("INQR_DVSN") == "01" else found[::-1]


def _by_side_and_fill(orders: list[SimOrder], side: str, fill: str) -> list[SimOrder]:
    """00 all; sides 01 sell, 02 buy; 01 filled, 02 not filled."""
    if side in {"01", "02"}:
        orders = [order for order in orders if order.ticket.side == ("sell" if side == "01" else "buy")]
    if fill in {"01", "02"}:
        orders = [order for order in orders if (order.filled > ZERO) == (fill == "01")]
    return orders


def _same_exchange(wanted: str, exchange: str) -> bool:
    return wanted in {"", exchange}


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _total(found: list[rows.Row], quantity: str, filled: str) -> dict[str, str]:
    return {
        "tot_ord_qty": str(sum(int(row[quantity]) for row in found)),
        "tot_ccld_qty": str(sum(int(row[filled]) for row in found)),
    }


def _nothing(_asked: Asked) -> list[rows.Row]:
    return []


def _domestic(operation: Operation, pick: Callable[[Asked], list[rows.Row]], key_width: int = 200) -> Listing:
    return Listing(
        operation,
        pick,
        100,
        "output1",
        key_width,
        summary=lambda found: {"output2": _total(found, "ord_qty", "tot_ccld_qty")},
    )


# By live TR id. The desk trades nothing in Asia, and nothing is older than three months.
LISTINGS = {
    TRS[listing.operation].live: listing
    for listing in (
        Listing(Operation.US_RESERVATIONS, _reservations, 20),
        Listing(Operation.ASIA_RESERVATIONS, _nothing, 20),
        Listing(Operation.OVERSEAS_OPEN, _open_overseas, 40),
        Listing(Operation.OVERSEAS_ORDERS, _overseas, 20),
        _domestic(Operation.FO_DAY_ORDERS, _day_derivatives),
        _domestic(Operation.FO_NIGHT_ORDERS, _night_derivatives),
        _domestic(Operation.KRX_ORDERS, _stocks, 100),
        _domestic(Operation.KRX_ORDERS_OLD, _nothing, 100),
    )
}
PAPER_PAGE = 15  # overseas inquire-ccnl and inquire-daily-ccld on paper


def inquire(listing: Listing, asked: Asked, *, page_size: int) -> SimAnswer:
    """One page: `tr_cont` F or M when there is more, D or E on the last, the keys padded to their width."""
    found = listing.pick(asked)
    width = listing.key_width
    continued = asked.request.headers.get("tr_cont", "").strip() == "N"
    key = asked.param(f"CTX_AREA_NK{width}")
    start = int(key) if continued and key.isdigit() else 0
    page, rest = found[start : start + page_size], found[start + page_size :]
    more = ("M" if start else "F") if rest else ("E" if start else "D")
    condition = f"{asked.account.number}^{asked.account.product}^{listing.operation.value}"
    keys = {
        f"ctx_area_fk{width}": condition.ljust(width),
        f"ctx_area_nk{width}": (str(start + page_size) if rest else "").ljust(width),
    }
    return listed({listing.output: page, **listing.summary(found)}, more, keys, empty=not found)
