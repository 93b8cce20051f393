"""The sentences of the order pages: what happened, what a request would change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.clock import KST
from accounts.serializers import moment
from accounts.templatetags.portal_format import compact_won, money, price, quantity
from orders.models import CommandType, OrderEventRecord

HAPPENED: dict[str, Promise] = {
    "OrderAccepted": gettext_lazy("주문 접수"),
    "OrderConfirmed": gettext_lazy("거래소 확인"),
    "OrderFilled": gettext_lazy("체결"),
    "CancelRequested": gettext_lazy("취소 접수"),
    "OrderCanceled": gettext_lazy("취소 확인"),
    "ModifyRequested": gettext_lazy("정정 접수"),
    "OrderModified": gettext_lazy("정정 확인"),
    "OrderRejected": gettext_lazy("거부"),
    "OrderInquired": gettext_lazy("조회로 확인"),
    "CommandAccepted": gettext_lazy("요청을 증권사가 접수"),
    "CommandRejected": gettext_lazy("요청을 증권사가 거부"),
    "CommandUnknown": gettext_lazy("요청의 결과 미확인"),
    "CommandNotSent": gettext_lazy("요청을 보내지 못함"),
    "CommandEvidenceConfirmed": gettext_lazy("요청이 반영됨"),
    "CommandEvidencePartial": gettext_lazy("요청이 일부 반영됨"),
    "CommandEvidenceTooLate": gettext_lazy("요청 전에 이미 체결"),
    "CommandNoTrace": gettext_lazy("요청이 반영되지 않음"),
    "CommandEscalate": gettext_lazy("사람이 확인해야 함"),
}
SHOWN_BY: dict[str, Promise] = {
    "notice": gettext_lazy("체결통보"),
    "inquiry": gettext_lazy("증권사 조회"),
    "command": gettext_lazy("요청"),
}


def event(record: OrderEventRecord) -> dict[str, Any]:
    """One line of the timeline as a person reads it."""
    kind = SHOWN_BY.get(record.evidence_kind, record.evidence_kind)
    return {
        "at": moment(record.at),
        "type": record.type,
        "text": _text(record),
        "evidence": {"kind": str(kind), "id": _evidence(record)},
    }


def _evidence(record: OrderEventRecord) -> str:
    """An inquiry is named by the instant at which it was asked: a person reads that in Korean time."""
    if record.evidence_kind != "inquiry":
        return record.evidence_id
    try:
        asked_at = datetime.fromisoformat(record.evidence_id.removeprefix("inquiry:"))
    except ValueError:
        return record.evidence_id
    return f"{asked_at.astimezone(KST):%Y-%m-%d %H:%M:%S}"


def _text(record: OrderEventRecord) -> str:
    text = str(HAPPENED.get(record.type, record.type))
    figures = [str(record.detail[name]) for name in ("quantity", "last_qty") if record.detail.get(name)]
    at = [str(record.detail[name]) for name in ("price", "last_px") if record.detail.get(name)]
    reason = record.detail.get("reason") or record.detail.get("text") or ""
    return " · ".join(part for part in (text, " @ ".join([*figures[:1], *at[:1]]), str(reason)) if part)


def summary(row: dict[str, Any], command: CommandType) -> dict[str, str]:
    """What the dialog shows: what is left now, what would be left, and how much money that is."""
    derivative = row["market"].startswith("FO")
    left = f"{quantity(row['leaves_qty'])}{_('계약') if derivative else _('주')}"
    at = _("시장가") if row["price"] is None else price(row["price"], row["currency"])
    after = _("0 (전량 취소)") if command == CommandType.CANCEL else f"{left} @ {_('새 가격')}"
    return {"before": f"{left} @ {at}", "after": after, "amount": "" if derivative else _amount(row)}


def _amount(row: dict[str, Any]) -> str:
    """All digits, and 억 and 만 beside them. A market order has no amount yet."""
    if row["price"] is None:
        return ""
    total = Decimal(row["price"]) * Decimal(row["leaves_qty"])
    if row["currency"] != "KRW":
        return f"{money(total, row['currency'])} {row['currency']}"
    return _("%(digits)s원 (%(short)s)") % {"digits": money(total), "short": compact_won(total)}
