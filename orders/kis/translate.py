"""KIS words into ours: an `ExecutionNotice` becomes `OrderNews`, an order's answer becomes a `SendOutcome`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from orders.domain.events import (
    CancelRequested,
    Family,
    Instrument,
    ModifyRequested,
    OrderAccepted,
    OrderCanceled,
    OrderConfirmed,
    OrderEvent,
    OrderFilled,
    OrderKey,
    OrderModified,
    OrderNews,
    OrderRejected,
    RequestKind,
)
from orders.domain.sessions import SEOUL
from orders.kis.codes import (
    BUSINESS_REFUSALS,
    EXCHANGES,
    FUTURES_SCALE,
    KRX_EXCHANGES,
    NOTICES,
    OVERSEAS_MARKETS,
    OVERSEAS_SIDES,
    REFUSED_RESULTS,
    REQUESTS,
)
from orders.kis.errors import NeedsMarketError
from orders.kis.notices import ExecutionNotice
from orders.kis.wire import json_object, text_of

_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)


def translate(notice: ExecutionNotice, received_at: datetime, exchange: str | None = None) -> OrderNews:
    """What a notice says, in the field's words.

    `received_at` is aware and gives the date that KIS leaves out. `exchange` (NASD, SEHK, ...) is the known order's,
    used only where an overseas notice carries no market code; without either: NeedsMarketError.
    """
    kind = NOTICES[notice.tr_id]
    instrument, scale = _instrument(notice, exchange)
    number = int(notice.oder_no)
    original = int(notice.ooder_no or "0")
    return OrderNews(
        key=OrderKey(
            account_number=notice.acnt_no[:8],
            product=notice.acnt_no[8:] or None,
            family=kind.family,
            number=number,
        ),
        orig_number=None if original in {0, number} else original,
        side=OVERSEAS_SIDES[notice.seln_byov_cls],
        instrument=instrument,
        event=_event(notice, _price(notice.cntg_unpr, scale)),
        at=happened_at(notice.stck_cntg_hour, received_at),
        canonical=canonical(notice),
        night=kind.night,
    )


def canonical(notice: ExecutionNotice) -> str:
    """Equal for equal notices, whatever their padding; without personal data (account, customer, names)."""
    return "|".join(
        (
            notice.tr_id,
            str(int(notice.oder_no)),
            str(int(notice.ooder_no or "0")),
            notice.seln_byov_cls,
            notice.rctf_cls,
            notice.oder_kind,
            notice.oder_cond,
            notice.stck_shrn_iscd,
            str(int(notice.cntg_qty)),
            str(_digits(notice.cntg_unpr)),
            notice.stck_cntg_hour,
            notice.rfus_yn,
            notice.cntg_yn,
            notice.acpt_yn,
            notice.brnc_no,
            str(int(notice.oder_qty or "0")),
        )
    )


def happened_at(hhmmss: str, received_at: datetime) -> datetime:
    """The Korean wall-clock time on the day that puts it nearest to the receipt; blank: the receipt itself."""
    received = received_at.astimezone(SEOUL)
    if not hhmmss:
        return received
    at = received.replace(hour=int(hhmmss[:2]), minute=int(hhmmss[2:4]), second=int(hhmmss[4:]), microsecond=0)
    if at - received > _HALF_DAY:
        return at - _DAY
    if received - at > _HALF_DAY:
        return at + _DAY
    return at


def _instrument(notice: ExecutionNotice, exchange: str | None) -> tuple[Instrument, Decimal]:
    """The instrument, and what one unit of an undotted price is worth."""
    family = NOTICES[notice.tr_id].family
    if family is Family.FO:
        return Instrument(notice.stck_shrn_iscd, notice.cntg_isnm, "KRX"), FUTURES_SCALE
    if family is Family.KRX:
        # Not said: no guess, since a cancel must name the order's own exchange. The order list says it.
        place = KRX_EXCHANGES.get(notice.column("ORD_EXG_GB"), "")
        return Instrument(notice.stck_shrn_iscd, notice.cntg_isnm, place), Decimal(1)
    market = OVERSEAS_MARKETS.get(notice.oder_cond) or EXCHANGES.get(exchange or "")
    if market is None:
        raise NeedsMarketError(f"order {int(notice.oder_no)} of {notice.stck_shrn_iscd}")
    scale = Decimal(1).scaleb(-market.decimals)
    return Instrument(notice.stck_shrn_iscd, notice.cntg_isnm, market.code, market.currency), scale


def _price(text: str, scale: Decimal) -> Decimal:
    """A point is taken at its word; without one the decimals are implied."""
    return _digits(text) if "." in text else _digits(text) * scale


def _digits(text: str) -> Decimal:
    return Decimal(text or "0")


def _event(notice: ExecutionNotice, price: Decimal) -> OrderEvent:
    """Refusal first, then fill, then acceptance: a refused modify carries RCTF_CLS 1 as well."""
    request = REQUESTS[notice.rctf_cls]
    quantity = Decimal(int(notice.cntg_qty))
    if notice.rfus_yn == "1":
        return OrderRejected(request, "")
    if notice.cntg_yn == "2":
        return OrderFilled(quantity, price)
    if notice.acpt_yn == "3":
        return OrderCanceled(quantity, remainder=True)
    return _acceptance(request, notice.acpt_yn == "2", quantity, price or None)


def _acceptance(request: RequestKind, confirmed: bool, quantity: Decimal, price: Decimal | None) -> OrderEvent:
    if request is RequestKind.CANCEL:
        return OrderCanceled(quantity) if confirmed else CancelRequested(quantity)
    if request is RequestKind.MODIFY:
        return OrderModified(quantity, price) if confirmed else ModifyRequested(quantity, price)
    return OrderConfirmed(quantity, price) if confirmed else OrderAccepted(quantity, price)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came back, kept whole for the record. `gt_uid` is the id that the request carried ("" for individuals)."""

    http_status: int | None
    raw: bytes = field(repr=False)
    gt_uid: str = ""
    rt_cd: str = ""
    msg_cd: str = ""
    msg1: str = ""


NO_EVIDENCE = Evidence(http_status=None, raw=b"")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The broker has the request under `number`; the exchange has confirmed nothing yet."""

    number: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rejected:
    """The broker refused on proof: nothing was done."""

    code: str
    message: str
    evidence: Evidence


class UnknownReason(StrEnum):
    TIMEOUT = "timeout"
    RESET = "reset"
    UNREADABLE = "unreadable"
    HTTP_STATUS = "http_status"
    NO_NUMBER = "no_number"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may or may not have been executed; only an inquiry or a notice can tell."""

    reason: UnknownReason
    code: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request left."""

    reason: str
    evidence: Evidence = NO_EVIDENCE


SendOutcome = Accepted | Rejected | Unknown | NotSent

_NUMBER_FIELDS = ("odno", "ovrs_rsvn_odno")


def read_answer(http_status: int, raw: bytes, gt_uid: str = "") -> Accepted | Rejected | Unknown:
    """An order's answer as an outcome. Only HTTP 200 proves anything; what is not on a list is unknown."""
    body = json_object(raw)
    if body is None:
        return Unknown(UnknownReason.UNREADABLE, "", Evidence(http_status, raw, gt_uid))
    evidence = Evidence(
        http_status, raw, gt_uid, text_of(body, "rt_cd"), text_of(body, "msg_cd"), text_of(body, "msg1")
    )
    if http_status != 200:
        return Unknown(UnknownReason.HTTP_STATUS, evidence.msg_cd, evidence)
    if evidence.rt_cd == "0":
        number = _order_number(body.get("output"))
        if number is None:
            return Unknown(UnknownReason.NO_NUMBER, evidence.msg_cd, evidence)
        return Accepted(number, evidence)
    if evidence.rt_cd in REFUSED_RESULTS and evidence.msg_cd in BUSINESS_REFUSALS:
        return Rejected(evidence.msg_cd, evidence.msg1, evidence)
    return Unknown(UnknownReason.UNLISTED, evidence.msg_cd, evidence)


def _order_number(output: object) -> int | None:
    """The number in an answer: an object, or a list of one; KIS's pages print the names in either case."""
    if isinstance(output, list) and len(output) == 1:
        output = output[0]
    if not isinstance(output, dict):
        return None
    fields = {str(name).lower(): value for name, value in output.items()}
    for name in _NUMBER_FIELDS:
        text = text_of(fields, name)
        if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) > 0:
            return int(text)
    return None
