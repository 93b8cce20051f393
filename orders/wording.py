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
from orders.domain.command_state import CommandState
from orders.domain.events import ReportStatus
from orders.domain.order_state import OrderStatus
from orders.evidence import Sources
from orders.models import CommandType, Order, OrderEventRecord

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

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
ROW_STATES: dict[str | None, Promise | str] = {
    None: "",
    ReportStatus.OPEN: gettext_lazy("미체결"),
    ReportStatus.DONE: gettext_lazy("완료"),
    ReportStatus.CANCELED: gettext_lazy("취소"),
    ReportStatus.NOT_SENT: gettext_lazy("미처리"),
    ReportStatus.REJECTED: gettext_lazy("거부"),
    ReportStatus.RESERVED: gettext_lazy("예약접수"),
    ReportStatus.TRANSMITTED: gettext_lazy("전송됨"),
    ReportStatus.UNRECOGNISED: "",
}
SHOWN_BY: dict[str, Promise] = {
    "notice": gettext_lazy("체결통보"),
    "inquiry": gettext_lazy("증권사 조회"),
    "command": gettext_lazy("요청"),
}


def event(record: OrderEventRecord, evidence: dict[str, Any]) -> dict[str, Any]:
    """One line of the timeline as a person reads it; `evidence` is what shows it (`orders.evidence`)."""
    return {
        "at": moment(record.at),
        "type": record.type,
        "text": _text(record),
        "evidence": {"kind": evidence["kind"], "name": _kind(evidence), **_shown(evidence)},
    }


def _kind(evidence: dict[str, Any]) -> str:
    return str(SHOWN_BY.get(evidence["kind"], evidence["kind"]))


def _shown(evidence: dict[str, Any]) -> dict[str, Any]:
    """The line that is always there, the facts behind it, and the vendor's own columns where it is a notice."""
    facts = _facts(evidence)
    columns = list(evidence.get("columns", {}).items())
    return {"line": _line_of(evidence, facts), "facts": facts, "columns": columns}


def _line_of(evidence: dict[str, Any], facts: list[tuple[str, str]]) -> str:
    """The three facts that a person looks for first; figures of an inquiry with what they are."""
    if evidence["kind"] != "inquiry":
        return " · ".join(value for _label, value in facts[:3])
    figures = {_("체결수량"), _("미체결"), _("요청의 결과")}
    return " · ".join([facts[0][1], *(f"{label} {value}" for label, value in facts if label in figures)])


def _facts(evidence: dict[str, Any]) -> list[tuple[str, str]]:
    match evidence["kind"]:
        case "notice" if "tr_id" in evidence:
            found = _notice_facts(evidence)
        case "inquiry":
            found = [(_("조회 시각"), _instant(evidence["asked_at"])), *_row_facts(evidence["rows"])]
        case "command" if "state" in evidence:
            found = _command_facts(evidence)
        case _:
            found = [(_("번호"), evidence["id"])]
    return [(label, value) for label, value in found if value]


def _notice_facts(evidence: dict[str, Any]) -> list[tuple[str, str]]:
    frame = _("%(epoch)s회차 %(frame)s번") % {"epoch": evidence["epoch"], "frame": evidence["frame"]}
    return [
        ("TR", evidence["tr_id"]),
        (_("수신"), _instant(evidence["received_at"])),
        (_("프레임"), frame),
        (_("연결"), evidence["connection"]),
        (_("통보 번호"), evidence["id"]),
    ]


def _row_facts(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    labels = {
        "number": _("주문번호"),
        "cum_qty": _("체결수량"),
        "leaves_qty": _("미체결"),
        "status": _("상태"),
        "text": _("증권사 상태"),
        "state": _("요청의 결과"),
        "reason": _("사유"),
        "command": _("요청"),
    }
    return [(label, _row_fact(name, row.get(name))) for row in rows for name, label in labels.items()]


def _row_fact(name: str, value: Any) -> str:
    """A status of ours in its word; everything else as the broker said it."""
    return str(ROW_STATES.get(value, value)) if name == "status" else str(value or "")


def _command_facts(evidence: dict[str, Any]) -> list[tuple[str, str]]:
    http = evidence["http_status"]
    return [
        (_("요청자"), evidence["requested_by"]),
        (_("전송"), _instant(evidence["sent_at"])),
        ("HTTP", str(http) if http else _("응답 없음") if evidence["sent_at"] else ""),
        ("rt_cd", evidence["rt_cd"] or ""),
        ("msg_cd", evidence["msg_cd"] or ""),
        ("msg1", evidence["msg1"] or ""),
        (_("증권사 번호"), evidence["broker_order_id"] or ""),
        (_("요청 번호"), evidence["id"]),
    ]


def _instant(text: str | None) -> str:
    """An ISO 8601 instant in Korean time; anything else as it is."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return text or ""
    return f"{at.astimezone(KST):%Y-%m-%d %H:%M:%S}"


def _text(record: OrderEventRecord) -> str:
    text = str(HAPPENED.get(record.type, record.type))
    figures = [_figure(record.detail[name]) for name in ("quantity", "last_qty") if record.detail.get(name)]
    at = [_figure(record.detail[name]) for name in ("price", "last_px") if record.detail.get(name)]
    reason = record.detail.get("reason") or record.detail.get("text") or ""
    return " · ".join(part for part in (text, " @ ".join([*figures[:1], *at[:1]]), str(reason)) if part)


def _figure(text: Any) -> str:
    """A decimal without the zeros that a broker pads it with."""
    try:
        return f"{Decimal(str(text)).normalize():f}"
    except ArithmeticError:
        return str(text)


def sheet(order: Order, sources: Sources) -> list[list[str]]:
    """The timeline as rows of a spreadsheet, the heading first; no cell can start a formula."""
    heading = [_("시각"), _("기록"), _("내용"), _("이전 상태"), _("이후 상태"), _("근거"), _("근거 내용"), _("항목")]
    lines = [_line(record, sources.of(record)) for record in order.events.all()]
    return [heading, *([_cell(text) for text in line] for line in lines)]


def _line(record: OrderEventRecord, evidence: dict[str, Any]) -> list[str]:
    columns = evidence.get("columns", {})
    return [
        _instant(moment(record.at)),
        _instant(moment(record.recorded_at)),
        _text(record),
        record.status_before,
        record.status_after,
        _kind(evidence),
        "; ".join(f"{label}={value}" for label, value in _facts(evidence)),
        "; ".join(f"{name}={value}" for name, value in columns.items()),
    ]


def _cell(text: str) -> str:
    """A vendor's text is never a formula of whoever opens the file."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def race(row: dict[str, Any]) -> str:
    """How a request and the market's fills crossed, in one sentence; empty where they did not."""
    filled, unit = Decimal(row["cum_qty"]), _("계약") if row["market"].startswith("FO") else _("주")
    figures = {"filled": f"{quantity(filled)}{unit}"}
    if row["status"] == OrderStatus.CANCELED and filled:
        figures["canceled"] = f"{quantity(Decimal(row['order_qty']) - filled)}{unit}"
        return _("%(filled)s 체결된 뒤 나머지 %(canceled)s 취소") % figures
    if row["status"] == OrderStatus.FILLED and (row["command"] or {}).get("state") == CommandState.TOO_LATE:
        return _("요청이 닿기 전에 %(filled)s 모두 체결") % figures
    return ""


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
