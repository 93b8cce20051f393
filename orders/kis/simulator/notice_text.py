"""A simulated notice as the plaintext that KIS encrypts: columns of each TR, padded as in the portal's examples."""

from __future__ import annotations

from decimal import Decimal

from orders.domain.events import Family, Market, RequestKind, Side
from orders.domain.sessions import SEOUL
from orders.kis.simulator.book import SimNotice
from orders.kis.simulator.exchanges import EXCHANGES
from orders.kis.simulator.instruments import FUTURES

_SIDES = {Side.SELL: "01", Side.BUY: "02"}
_REQUESTS = {RequestKind.NEW: "0", RequestKind.MODIFY: "1", RequestKind.CANCEL: "2"}
_FUTURES_SYMBOLS = frozenset(instrument.symbol for instrument in FUTURES)
_ROUTES = {"KRX": "1", "NXT": "2", "SOR": "3"}  # ORD_EXG_GB (KIS 국내주식 실시간체결통보)
LIVE_TO_PAPER = {"H0IFCNI0": "H0IFCNI9", "H0GSCNI0": "H0GSCNI9", "H0STCNI0": "H0STCNI9"}


def notice_tr_id(notice: SimNotice) -> str:
    """The live TR id that carries the notice."""
    ticket = notice.order.ticket
    if notice.order.family is Family.OVERSEAS:
        return "H0GSCNI0"
    if notice.order.family is Family.KRX:
        return "H0STCNI0"
    if ticket.market is Market.FO_DAY:
        return "H0IFCNI0"
    return "H0MFCNI0" if ticket.instrument.symbol in _FUTURES_SYMBOLS else "H0EUCNI0"


def plaintext(notice: SimNotice, hts_id: str) -> str:
    """One record, columns joined by `^`."""
    family = notice.order.family
    if family is Family.OVERSEAS:
        columns = _overseas(notice, hts_id)
    elif family is Family.KRX:
        columns = _stock(notice, hts_id)
    else:
        columns = _derivative(notice, hts_id)
    return "^".join(columns)


def _flags(notice: SimNotice) -> tuple[str, str, str]:
    """RFUS_YN, CNTG_YN, ACPT_YN."""
    return "1" if notice.refused else "0", "2" if notice.filled else "1", "2" if notice.confirmed else "1"


def _head(notice: SimNotice, hts_id: str, account: str, number: str, original: str) -> tuple[str, ...]:
    side = _SIDES[notice.order.ticket.side]
    return hts_id, account, number, original, side, _REQUESTS[notice.request]


def _original(notice: SimNotice) -> str:
    # A fill of a modified order names its original no more.
    if notice.filled or notice.order.original is None:
        return ""
    return str(notice.order.original)


def _hour(notice: SimNotice) -> str:
    return notice.at.astimezone(SEOUL).strftime("%H%M%S")


def _implied(price: Decimal, decimals: int, width: int) -> str:
    return str(int(price.scaleb(decimals))).zfill(width)


def _overseas(notice: SimNotice, hts_id: str) -> tuple[str, ...]:
    """25 columns; the account without its product, numbers unpadded, the branch blank."""
    order = notice.order
    instrument = order.ticket.instrument
    exchange = EXCHANGES[instrument.exchange]
    return (
        *_head(notice, hts_id, order.ticket.account.number, str(order.number), _original(notice)),
        "2",
        instrument.symbol,
        str(int(notice.qty)).zfill(10),
        _implied(notice.price, exchange.decimals, 9),
        _hour(notice),
        *_flags(notice),
        "",
        "",
        "******",
        instrument.name[:14],
        exchange.notice_code,
        "10",
        "",
        "",
        "",
        "02",
        _implied(notice.price, exchange.decimals, 12),
    )


def _derivative(notice: SimNotice, hts_id: str) -> tuple[str, ...]:
    """22 columns by day, 19 by night; at night a new order names itself as its original."""
    order = notice.order
    day = order.ticket.market is Market.FO_DAY
    number, original = str(order.number).zfill(10), _original(notice)
    if original:
        original = original.zfill(10)
    elif not day:
        original = number
    account = order.ticket.account
    core = (
        *_head(notice, hts_id, account.number + account.product, number, original),
        "0" if notice.filled else "L",
        order.ticket.instrument.symbol,
        str(int(notice.qty)).zfill(10),
        _implied(notice.price, 2, 9),
        _hour(notice),
        *_flags(notice),
        "00950" if day else "00000",
        "000000000" if notice.filled else str(int(order.ticket.qty)).zfill(9),
        "******",
        order.ticket.instrument.name[:14],
    )
    return (*core, "", "", "", "000000000") if day else (*core, "0")


def _stock(notice: SimNotice, hts_id: str) -> tuple[str, ...]:
    """26 columns."""
    order = notice.order
    account = order.ticket.account
    original = _original(notice)
    return (
        *_head(
            notice,
            hts_id,
            account.number + account.product,
            str(order.number).zfill(10),
            original and original.zfill(10),
        ),
        "00",
        "0",
        order.ticket.instrument.symbol,
        str(int(notice.qty)).zfill(10),
        str(int(notice.price)).zfill(9),
        _hour(notice),
        *_flags(notice),
        "06010",
        str(int(order.ticket.qty)).zfill(9),
        "******",
        "000000000",
        _ROUTES[order.ticket.instrument.exchange],
        "Y",
        "",
        "10",
        "",
        order.ticket.instrument.name,
        str(int(order.ticket.price)).zfill(9),
    )
