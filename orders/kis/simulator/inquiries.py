"""The inquiries: which orders a request asks for, in which order, on which page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from orders.domain.events import Family, Market
from orders.kis.simulator import balances, rows
from orders.kis.simulator.answers import FIELD_MISSING, SimAnswer, SimRequest, listed
from orders.kis.simulator.balances import Valued
from orders.kis.simulator.book import ZERO, SimAccount, SimOrder
from orders.kis.simulator.desk import Desk
from orders.kis.simulator.exchanges import EXCHANGES, US_EXCHANGES
from orders.kis.simulator.instruments import SimInstrument
from orders.kis.simulator.positions import positions
from orders.kis.simulator.reservations import Reservation
from orders.kis.tr_ids import TRS, Operation

MOVED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """One inquiry of one account; `seen_at`, seconds of the timer, makes it answer what was true then."""

    request: SimRequest
    account: SimAccount
    desk: Desk
    now: datetime
    price: Callable[[SimInstrument], Decimal]
    paper: bool = False
    seen_at: float | None = None

    def param(self, name: str) -> str:
        return self.request.query.get(name, "").strip()

    def family(self, family: Family) -> list[SimOrder]:
        orders = self.desk.book.of_account(self.account, family)
        if self.seen_at is None:
            return orders
        return [seen for order in orders if (seen := order.past.as_of(self.seen_at)) is not None]

    def holdings(self, family: Family) -> list[Valued]:
        return balances.valued(positions(self.family(family), family), self.account, self.price)

    def reservations(self, market: Market) -> list[Reservation]:
        found = self.desk.reservations.rows
        own = [row for row in found if (row.ticket.account, row.ticket.market) == (self.account, market)]
        if self.seen_at is None:
            return own
        return [seen for row in own if (seen := row.past.as_of(self.seen_at)) is not None]


Pick = Callable[[Asked], Sequence[Any]]
Summary = Callable[[Sequence[Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Listing:
    """How one inquiry lists: `pick` what, how each is printed, the size of a page, and the names of lists and keys.

    `required` parameters must say something, `present` ones only be there.
    """

    operation: Operation
    pick: Pick
    row: Callable[[Any], rows.Row]
    page_size: int
    output: str = "output"
    key_width: int = 200
    summary: Summary = lambda _found: {}
    required: tuple[str, ...] = ()
    present: tuple[str, ...] = ()


def _reserved_in(market: Market) -> Pick:
    def pick(asked: Asked) -> list[Reservation]:
        start, end = asked.param("INQR_STRT_DT"), asked.param("INQR_END_DT")
        exchange = asked.param("OVRS_EXCG_CD")
        dated = [row for row in asked.reservations(market) if start <= _day(row.receipt_date) <= end]
        return [row for row in dated if exchange in {"", row.ticket.instrument.exchange}]

    return pick


def _open_overseas(asked: Asked) -> list[SimOrder]:
    wanted = asked.param("OVRS_EXCG_CD")
    # KIS: NASD stands for all US exchanges here.
    exchanges = US_EXCHANGES if wanted == "NASD" else {wanted}
    found = [
        order
        for order in asked.family(Family.OVERSEAS)
        if order.leaves > ZERO and (not wanted or order.ticket.instrument.exchange in exchanges)
    ]
    return found if asked.param("SORT_SQN") == "DS" else found[::-1]


def _overseas(asked: Asked) -> list[SimOrder]:
    start, end = asked.param("ORD_STRT_DT"), asked.param("ORD_END_DT")
    exchange = asked.param("OVRS_EXCG_CD").strip("%")
    orders = [o for o in asked.family(Family.OVERSEAS) if start <= _day(o.order_date) <= end]
    orders = _by_side_and_fill(orders, asked.param("SLL_BUY_DVSN"), asked.param("CCLD_NCCS_DVSN"))
    found = [order for order in orders if exchange in {"", order.ticket.instrument.exchange}]
    return found if asked.param("SORT_SQN") == "DS" else found[::-1]


def _day_derivatives(asked: Asked) -> list[SimOrder]:
    end = asked.param("END_ORD_DT")
    orders = [o for o in _derivatives(asked) if not _is_tonight(o, asked.now) and _day(o.order_date) <= end]
    # The opposite of the overseas inquiries: AS is ascending here.
    return orders if asked.param("SORT_SQN") == "AS" else orders[::-1]


def _night_derivatives(asked: Asked) -> list[SimOrder]:
    end = asked.param("END_ORD_DT")
    # KIS: the end date is exclusive at night.
    orders = [o for o in _derivatives(asked) if _is_tonight(o, asked.now) and _day(o.order_date) < end]
    return orders if asked.param("SORT_SQN") == "AS" else orders[::-1]


def _is_tonight(order: SimOrder, now: datetime) -> bool:
    """KIS moves the night's rows to the day table about ten minutes after the session."""
    over = order.good_until is not None and now >= order.good_until + MOVED_AFTER
    return order.ticket.market is Market.FO_NIGHT and not over


def _derivatives(asked: Asked) -> list[SimOrder]:
    start = asked.param("STRT_ORD_DT")
    orders = [o for o in asked.family(Family.FO) if start <= _day(o.order_date)]
    return _by_side_and_fill(orders, asked.param("SLL_BUY_DVSN_CD"), asked.param("CCLD_NCCS_DVSN"))


def _stocks(asked: Asked) -> list[SimOrder]:
    start, end = asked.param("INQR_STRT_DT"), asked.param("INQR_END_DT")
    orders = [o for o in asked.family(Family.KRX) if start <= _day(o.order_date) <= end]
    orders = _by_side_and_fill(orders, asked.param("SLL_BUY_DVSN_CD"), asked.param("CCLD_DVSN"))
    return orders if asked.param("INQR_DVSN") == "01" else orders[::-1]


def _revisable(asked: Asked) -> list[SimOrder]:
    side = {"1": "01", "2": "02"}.get(asked.param("INQR_DVSN_2"), "00")
    found = _by_side_and_fill([o for o in asked.family(Family.KRX) if o.leaves > ZERO], side, "00")
    return found if asked.param("INQR_DVSN_1") == "0" else sorted(found, key=lambda o: o.ticket.instrument.symbol)


def _by_side_and_fill(orders: list[SimOrder], side: str, fill: str) -> list[SimOrder]:
    """00 all; sides 01 sell, 02 buy; 01 filled, 02 not filled."""
    if side in {"01", "02"}:
        orders = [order for order in orders if order.ticket.side == ("sell" if side == "01" else "buy")]
    if fill in {"01", "02"}:
        orders = [order for order in orders if (order.filled > ZERO) == (fill == "01")]
    return orders


def _day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _totals(found: Sequence[SimOrder]) -> dict[str, Any]:
    ordered, filled = sum(o.ticket.qty for o in found), sum(o.filled for o in found)
    return {"output2": {"tot_ord_qty": str(ordered), "tot_ccld_qty": str(filled)}}


def _holdings(asked: Asked) -> list[Valued]:
    exchange, currency = asked.param("OVRS_EXCG_CD"), asked.param("TR_CRCY_CD")
    # KIS: live NASD stands for all US exchanges, and NAS for Nasdaq.
    wanted = {"NAS": {"NASD"}} if asked.paper else {"NASD": US_EXCHANGES, "NAS": {"NASD"}}
    exchanges = wanted.get(exchange, {exchange})
    found = asked.holdings(Family.OVERSEAS)
    return [
        one
        for one in found
        if (code := one.position.instrument.exchange) in exchanges and EXCHANGES[code].currency == currency
    ]


def _contracts(asked: Asked) -> list[Valued]:
    return asked.holdings(Family.FO)


def _nothing(_asked: Asked) -> list[SimOrder]:
    return []


def _domestic(operation: Operation, pick: Pick, row: Callable[[SimOrder], rows.Row], key_width: int = 200) -> Listing:
    return Listing(operation, pick, row, 100, "output1", key_width, _totals)


# By live TR id. Nothing is older than three months.
LISTINGS = {
    TRS[listing.operation].live: listing
    for listing in (
        Listing(Operation.US_RESERVATIONS, _reserved_in(Market.US_RESERVED), rows.reservation, 20),
        Listing(Operation.ASIA_RESERVATIONS, _reserved_in(Market.ASIA_RESERVED), rows.reservation, 20),
        Listing(Operation.OVERSEAS_OPEN, _open_overseas, rows.open_overseas, 40),
        Listing(Operation.OVERSEAS_ORDERS, _overseas, rows.overseas, 20),
        _domestic(Operation.FO_DAY_ORDERS, _day_derivatives, rows.day_derivative),
        _domestic(Operation.FO_NIGHT_ORDERS, _night_derivatives, rows.night_derivative),
        _domestic(Operation.KRX_ORDERS, _stocks, rows.stock, 100),
        _domestic(Operation.KRX_ORDERS_OLD, _nothing, rows.stock, 100),
        Listing(
            Operation.OVERSEAS_BALANCE,
            _holdings,
            balances.overseas,
            100,
            "output1",
            summary=balances.overseas_totals,
            required=("OVRS_EXCG_CD", "TR_CRCY_CD"),
        ),
        Listing(
            Operation.FO_DAY_BALANCE,
            _contracts,
            balances.day_contract,
            20,
            "output1",
            summary=balances.day_totals,
            required=("MGNA_DVSN", "EXCC_STAT_CD"),
        ),
        Listing(
            Operation.FO_NIGHT_BALANCE,
            _contracts,
            balances.night_contract,
            20,
            "output1",
            summary=balances.night_totals,
            required=("MGNA_DVSN", "EXCC_STAT_CD"),
            present=("ACNT_PWD",),
        ),
        Listing(Operation.KRX_REVISABLE, _revisable, rows.revisable, 50, key_width=100),
    )
}
PAPER_PAGE = 15  # overseas inquire-ccnl and inquire-daily-ccld on paper


def inquire(listing: Listing, asked: Asked, *, page_size: int) -> SimAnswer:
    """One page: `tr_cont` F or M when there is more, D or E on the last, the keys padded to their width."""
    query = asked.request.query
    if not all(asked.param(name) for name in listing.required) or any(name not in query for name in listing.present):
        return FIELD_MISSING.answer()
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
    body = {listing.output: [listing.row(one) for one in page], **listing.summary(found)}
    return listed(body, more, keys, empty=not found)
