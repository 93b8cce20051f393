"""The two order requests: order-resv-ccnl and daytime-order-rvsecncl, with the refusals of the order engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.domain.events import Family, Market, RequestKind
from orders.domain.sessions import SEOUL, Action, Allowed, Question
from orders.kis.simulator.answers import (
    FIELD_MISSING,
    NO_ORIGINAL,
    NOTHING_LEFT,
    ORDER_TYPE_WRONG,
    RESERVATION_CLOSED,
    SYMBOL_WRONG,
    US_CLOSED,
    Refusal,
    SimAnswer,
    ordered,
)
from orders.kis.simulator.book import ZERO, SimAccount, SimOrder
from orders.kis.simulator.desk import Desk
from orders.kis.tr_ids import TRS, Operation

Fields = Mapping[str, Any]

_RESERVATION_FIELDS = ("RSVN_ORD_RCIT_DT", "OVRS_RSVN_ODNO")
_DAYTIME_FIELDS = (
    "OVRS_EXCG_CD",
    "PDNO",
    "ORGN_ODNO",
    "RVSE_CNCL_DVSN_CD",
    "ORD_QTY",
    "OVRS_ORD_UNPR",
    "ORD_SVR_DVSN_CD",
)
_DAYTIME_KEYS = ("CTAC_TLNO", "MGCO_APTM_ODNO")  # must be there, may be blank
_KINDS = {"01": RequestKind.MODIFY, "02": RequestKind.CANCEL}


def cancel_reservation(desk: Desk, account: SimAccount, fields: Fields) -> SimAnswer | Refusal:
    """POST order-resv-ccnl: the answer's number is a new one, not the reservation's."""
    if not _has(fields, _RESERVATION_FIELDS):
        return FIELD_MISSING
    question = Question(Market.US_RESERVED, Action.CANCEL, desk.now())
    if not isinstance(desk.sessions.allowed(question), Allowed):
        return RESERVATION_CLOSED
    row = desk.reservations.find(account, _number(fields["OVRS_RSVN_ODNO"]))
    if row is None or row.receipt_date.strftime("%Y%m%d") != str(fields["RSVN_ORD_RCIT_DT"]):
        return NO_ORIGINAL
    if not row.waiting:
        return NOTHING_LEFT
    number = desk.ask_reservation(row)
    return ordered({"OVRS_RSVN_ODNO": str(number).zfill(10)}, "APBK1711", "취소주문이 접수되었습니다.")


def revise_daytime(desk: Desk, account: SimAccount, fields: Fields) -> SimAnswer | Refusal:
    """POST daytime-order-rvsecncl: modify (01) or cancel (02) of all or a part of what is left."""
    if not _has(fields, _DAYTIME_FIELDS) or any(name not in fields for name in _DAYTIME_KEYS):
        return FIELD_MISSING
    if not desk.is_open(Market.US_DAYTIME):
        return US_CLOSED
    original = desk.book.find(account, Family.OVERSEAS, _number(fields["ORGN_ODNO"]))
    kind = _KINDS.get(str(fields["RVSE_CNCL_DVSN_CD"]))
    qty, price = _decimal(fields["ORD_QTY"]), _decimal(fields["OVRS_ORD_UNPR"])
    refusal = _refuse(original, kind, qty, price, fields)
    if refusal is not None or original is None or kind is None:
        return refusal or NO_ORIGINAL
    child = desk.ask(original, kind, qty, price)
    at = child.at.astimezone(SEOUL)
    return ordered(
        {"KRX_FWDG_ORD_ORGNO": "01790", "ODNO": str(child.number).zfill(10), "ORD_TMD": at.strftime("%H%M%S")}
    )


def _refuse(
    original: SimOrder | None, kind: RequestKind | None, qty: Decimal, price: Decimal, fields: Fields
) -> Refusal | None:
    if original is None or original.ticket.market is not Market.US_DAYTIME:
        return NO_ORIGINAL
    if kind is None or (kind is RequestKind.MODIFY and price <= ZERO):
        return ORDER_TYPE_WRONG
    instrument = original.ticket.instrument
    if (fields["PDNO"], fields["OVRS_EXCG_CD"]) != (instrument.symbol, instrument.exchange):
        return SYMBOL_WRONG
    return None if ZERO < qty <= original.leaves else NOTHING_LEFT


def _has(fields: Fields, names: tuple[str, ...]) -> bool:
    return all(str(fields.get(name, "")).strip() for name in names)


def _number(text: object) -> int:
    return int(str(text)) if str(text).isdigit() else 0


def _decimal(text: object) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return ZERO


ORDER_REQUESTS: Mapping[str, Callable[[Desk, SimAccount, Fields], SimAnswer | Refusal]] = {
    TRS[Operation.US_RESERVE_CANCEL].live: cancel_reservation,
    TRS[Operation.DAYTIME_REVISE].live: revise_daytime,
}
