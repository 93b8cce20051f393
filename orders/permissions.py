"""What may be done to an order now, by whom, and why not: the buttons and the command checks ask the same question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.clock import KST
from accounts.models import User
from orders import calendars
from orders.domain.events import Market
from orders.domain.sessions import Action, NotAllowed, Question, Reason, Sessions
from orders.models import KisConnection, Order, OrderCommand


def sessions() -> Sessions:
    """The session table that is in force."""
    return calendars.sessions()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an action is off: a stable key and the sentence that the button shows."""

    key: str
    text: str


def obstacle(order: Order, action: Action, now: datetime) -> Doubt | None:
    """What stands against the action, whoever asks; None when nothing does."""
    if not order.is_open or not order.leaves_qty:
        return Doubt("nothing_left", _("미체결 수량이 없습니다."))
    connection = connection_of(order)
    if connection is None:
        return Doubt("no_connection", _("이 계좌의 KIS 연결이 꺼져 있습니다."))
    answer = sessions().allowed(
        Question(
            market=Market(order.market),
            action=action,
            at=now,
            paper=connection.is_paper,
            order_type=order.order_type,
            exchange=order.exchange,
        )
    )
    return _said(answer, order) if isinstance(answer, NotAllowed) else None


def connection_of(order: Order) -> KisConnection | None:
    kis = getattr(order.account, "kis", None)
    return kis.connection if kis is not None and kis.connection.active else None


def allowed_actions(order: Order, user: User, now: datetime) -> list[dict[str, Any]]:
    """The row's buttons: each action with its reason when it is off."""
    return [_button(order, user, action, now) for action in (Action.CANCEL, Action.MODIFY)]


def _button(order: Order, user: User, action: Action, now: datetime) -> dict[str, Any]:
    doubt = obstacle(order, action, now) or _personal_obstacle(order, user)
    return {"action": action.value, "allowed": doubt is None, "reason": doubt.text if doubt else ""}


def _personal_obstacle(order: Order, user: User) -> Doubt | None:
    if not user.may_trade:
        return Doubt("role", _("주문 권한이 없습니다."))
    live = live_command(order)
    if live is not None:
        return Doubt("command_in_flight", _("앞선 요청의 결과를 확인하는 중입니다."))
    return None


def live_command(order: Order) -> OrderCommand | None:
    return next((command for command in order.commands.all() if command.is_live), None)


def _said(answer: NotAllowed, order: Order) -> Doubt:
    text = {
        Reason.NOT_OFFERED: _("이 시장의 주문은 아직 이 화면에서 정정하거나 취소할 수 없습니다."),
        Reason.MODIFY_NOT_OFFERED: _modify_not_offered(order),
        Reason.PART_NOT_OFFERED: _("이 시장에서는 일부 수량만 정정하거나 취소할 수 없습니다."),
        Reason.EXCHANGE_UNKNOWN: _("거래소를 알 수 없는 주문입니다."),
        Reason.DAYTIME_SUSPENDED: _("미국 주간거래가 중단되어 있습니다."),
        Reason.PAPER_UNSUPPORTED: _("모의투자에서는 KIS가 이 기능을 제공하지 않습니다."),
        Reason.ALGORITHM_NOT_MODIFIABLE: _("TWAP·VWAP 주문은 정정할 수 없습니다."),
        Reason.RESERVATION_BREAK: _("예약주문은 16:30~16:45에 취소할 수 없습니다."),
        Reason.MARKET_CLOSED: _closed(order),
    }[answer.reason]
    if answer.opens_at is not None:
        opens = answer.opens_at.astimezone(KST)
        text = f"{text} {_('다음 시작')} {opens:%m-%d %H:%M}"
    return Doubt(answer.reason.value, text)


def _modify_not_offered(order: Order) -> str:
    if order.market in {Market.US_RESERVED, Market.ASIA_RESERVED}:
        return _("예약주문은 정정할 수 없습니다. 취소한 뒤 다시 예약해야 합니다.")
    return _("이 주문은 정정할 수 없고 취소만 할 수 있습니다.")


def _closed(order: Order) -> str:
    if order.market == Market.US_DAYTIME:
        return _("미국 주간거래는 10:00~18:00 (서머타임 17:00)")
    if order.market == Market.US_RESERVED:
        return _("미국 예약주문 취소는 10:00~23:20 (서머타임 22:20)")
    return _("장 운영시간이 아닙니다.")
