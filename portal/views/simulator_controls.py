"""The buttons of /simulator/: the clock's moves, each market event and each fault that the simulators know by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

KOSCOM, KIS, CLOCK = "koscom", "kis", "clock"
FIRMS = ("", "shinhan", "nhinvest", "kiwoom")


@dataclass(frozen=True, slots=True)
class Control:
    """One button: what it is called, whom it is told to, what it says, and what may be filled in."""

    name: str
    label: str | Promise
    target: str
    says: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()

    def payload(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The order to the simulator; what was left empty is left out. Raises ValueError."""
        filled = {name: given[name].strip() for name in self.fields if given.get(name, "").strip()}
        extra: dict[str, Any] = dict(filled)
        if "times" in filled:
            extra["times"] = int(filled["times"])
        return {**self.says, **extra}


# Always onwards, to the next such time of a trading day: a clock set back would undo what has been recorded.
MOVES: dict[str, time] = {
    "clock-2025": time(20, 25),
    "clock-1005": time(10, 5),
    "clock-1100": time(11, 0),
    "clock-1605": time(16, 5),
    "clock-0635": time(6, 35),
}
MOVE_LABELS = {
    "clock-2025": gettext_lazy("20:25 야간 파생, 저녁 동기화 5분 전"),
    "clock-1005": gettext_lazy("10:05 미국 주간거래"),
    "clock-1100": gettext_lazy("11:00 코스콤 조회 불가 시간"),
    "clock-1605": gettext_lazy("16:05 코스콤 조회 가능"),
    "clock-0635": gettext_lazy("06:35 확정 동기화"),
}
EVENTS = {
    "fill": gettext_lazy("체결"),
    "confirm": gettext_lazy("거래소 확인"),
    "reject": gettext_lazy("거래소 거부"),
    "transmit": gettext_lazy("예약주문 전송"),
    "not_sent": gettext_lazy("예약주문 미처리"),
    "external_order": gettext_lazy("다른 매체의 새 주문"),
    "reserve": gettext_lazy("다른 매체의 새 예약주문"),
    "cancel": gettext_lazy("다른 매체의 취소"),
    "modify": gettext_lazy("다른 매체의 정정"),
    "run": gettext_lazy("연속 주문과 체결"),
}
EVENT_FIELDS = {
    "fill": ("order", "qty", "price"),
    "confirm": ("order",),
    "reject": ("order",),
    "cancel": ("order", "qty"),
    "modify": ("order", "qty", "price"),
    "run": ("notices", "per_second", "seed"),
}
_BODIES = ("json", "html", "empty")
KIS_FAULTS: dict[str, str | Promise] = {
    "timeout_before_accept": gettext_lazy("접수 전 무응답"),
    "timeout_after_accept": gettext_lazy("접수 후 무응답"),
    "reset_before": gettext_lazy("접수 전 연결 끊김"),
    "reset_after": gettext_lazy("접수 후 연결 끊김"),
    "drop_before": gettext_lazy("접수 전 연결 종료"),
    "drop_after": gettext_lazy("접수 후 연결 종료"),
    "delay_before": gettext_lazy("접수 지연"),
    "delay_after": gettext_lazy("응답 지연"),
    "http_500_blank": gettext_lazy("HTTP 500, 빈 코드"),
    **{f"http_{status}_{kind}": f"HTTP {status}, {kind}" for status in (500, 502, 503) for kind in _BODIES},
    "egw00001": gettext_lazy("EGW00001 일시적 오류"),
    "egw00002": gettext_lazy("EGW00002 서버 에러"),
    "egw00003": gettext_lazy("EGW00003 접근 거부"),
    "egw00121": gettext_lazy("EGW00121 유효하지 않은 토큰"),
    "egw00123": gettext_lazy("EGW00123 토큰 만료"),
    "egw00201": gettext_lazy("EGW00201 초당 거래건수 초과"),
    "egw00202": gettext_lazy("EGW00202 라우팅 오류"),
    "egw00203": gettext_lazy("EGW00203 OPS 라우팅 오류"),
    "egw00204": gettext_lazy("EGW00204 내부 게이트웨이 오류"),
    "egw00300": gettext_lazy("EGW00300 라우팅 오류"),
    "unlisted_code": gettext_lazy("알려지지 않은 응답코드"),
    "html": gettext_lazy("HTML 응답"),
    "not_json": gettext_lazy("JSON이 아닌 응답"),
    "slow_drip": gettext_lazy("느린 응답"),
    "added_fields": gettext_lazy("조회에 늘어난 항목"),
    "missing_page": gettext_lazy("조회의 빠진 페이지"),
    "invalid_utf8_row": gettext_lazy("조회의 깨진 한글"),
    "stale_read": gettext_lazy("오래된 조회 한 번"),
    "drop_notices": gettext_lazy("체결통보 누락"),
    "duplicate_notice": gettext_lazy("체결통보 중복"),
    "batch_frames": gettext_lazy("체결통보 묶음"),
    "reorder_frames": gettext_lazy("체결통보 순서 바뀜"),
    "added_columns": gettext_lazy("통보에 늘어난 항목"),
    "invalid_utf8_notice": gettext_lazy("통보의 깨진 한글"),
    "invalid_utf8_frame": gettext_lazy("UTF-8이 아닌 전문"),
    "freeze_ws": gettext_lazy("웹소켓 멈춤"),
    "close_ws": gettext_lazy("웹소켓 끊김"),
    "drop_ws": gettext_lazy("웹소켓 비정상 끊김"),
    "slot_held": gettext_lazy("OPSP8996 접속 중"),
    "bad_approval": gettext_lazy("OPSP0011 접속키 오류"),
    "unknown_width": gettext_lazy("모르는 항목 수의 통보"),
    "plain_frame": gettext_lazy("암호화되지 않은 통보"),
    "bad_cipher": gettext_lazy("풀리지 않는 통보"),
    "inquiry_lag": gettext_lazy("조회 지연"),
    "hold_confirm": gettext_lazy("거래소 확인 보류"),
}
# What can be said of a fault besides how often.
FAULT_FIELDS = {
    **dict.fromkeys(("delay_before", "delay_after", "inquiry_lag", "stale_read", "slot_held"), ("seconds",)),
    **dict.fromkeys(("batch_frames", "reorder_frames"), ("count", "seconds")),
    **dict.fromkeys(("added_columns", "added_fields"), ("count",)),
}
KOSCOM_FAULTS: dict[str, str | Promise] = {
    "firm_down": gettext_lazy("3600 증권사 장애"),
    "network_error": gettext_lazy("3004 네트워크 오류"),
    "firm_timeout": gettext_lazy("3005 증권사 응답 시간 초과"),
    "bad_trcode": gettext_lazy("3001 TRCODE 오류"),
    "auth_failed": gettext_lazy("2001 인증 실패"),
    "lockout": gettext_lazy("2003 접속 차단"),
    "no_permission": gettext_lazy("2100 권한 없음"),
    "rate_limit": gettext_lazy("429 호출 한도 초과"),
    "bad_page_key": gettext_lazy("6003 페이지 키 오류"),
    "expired_account": gettext_lazy("3010 만기 계좌"),
    "unknown_account": gettext_lazy("3012 모르는 계좌"),
    "no_all": gettext_lazy("6001 지원하지 않는 자산유형"),
    "too_many": gettext_lazy("6005 결과가 너무 많음"),
    "ok_as_error": gettext_lazy("500에 담긴 정상"),
    "hang": gettext_lazy("무응답"),
    "reset": gettext_lazy("연결 끊김"),
    "html": gettext_lazy("HTML 응답"),
    "not_json": gettext_lazy("JSON이 아닌 응답"),
    "slow": gettext_lazy("느린 응답"),
    "repeat_key": gettext_lazy("반복되는 페이지 키"),
    "drop_rows": gettext_lazy("빈 응답"),
    "foreign_row": gettext_lazy("다른 계좌의 행"),
}


def _controls() -> Iterable[Control]:
    for name, label in MOVE_LABELS.items():
        yield Control(name, label, CLOCK)
    for name, label in EVENTS.items():
        yield Control(f"event-{name}", label, KIS, {"event": name}, EVENT_FIELDS.get(name, ()))
    for target, faults, fields in ((KIS, KIS_FAULTS, ("times",)), (KOSCOM, KOSCOM_FAULTS, ("firm", "times"))):
        for name, words in faults.items():
            further = FAULT_FIELDS.get(name, ()) if target == KIS else ()
            yield Control(f"{target}-{name}", words, target, {"fault": name}, (*fields, *further))
        yield Control(f"{target}-clear", gettext_lazy("모든 장애 해제"), target, {"clear": True})


CONTROLS: dict[str, Control] = {control.name: control for control in _controls()}


def groups() -> list[dict[str, Any]]:
    """The page's sections."""
    sections = (
        (_("업무 시각"), "clock-"),
        (_("시장 사건"), "event-"),
        (_("KIS 장애"), "kis-"),
        (_("코스콤 장애"), "koscom-"),
    )
    return [
        {"label": label, "controls": [_shown(one) for one in CONTROLS.values() if one.name.startswith(prefix)]}
        for label, prefix in sections
    ]


def _shown(control: Control) -> dict[str, Any]:
    return {"name": control.name, "label": control.label, "fields": [_field(name) for name in control.fields]}


def _field(name: str) -> dict[str, Any]:
    if name == "firm":
        return {"name": name, "label": _("증권사"), "choices": [(firm, firm or _("모두")) for firm in FIRMS]}
    if name == "times":
        return {"name": name, "label": _("횟수"), "type": "number", "value": 1}
    labels = {
        "order": _("주문번호 (비우면 아무 주문)"),
        "qty": _("수량"),
        "price": _("가격"),
        "seconds": _("초"),
        "count": _("개수"),
        "notices": _("통보 수"),
        "per_second": _("초당 통보"),
        "seed": _("난수 시드"),
    }
    return {"name": name, "label": labels[name], "type": "text", "value": ""}
