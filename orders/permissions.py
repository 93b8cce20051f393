"""What may be done to an order now, by whom, and why not: the buttons and the command checks ask the same question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.clock import KST
from accounts.models import User
from orders import calendars, switches
from orders.domain.events import Market
from orders.domain.sessions import Action, Allowed, Hours, NotAllowed, Question, Reason, Sessions, is_us_summer
from orders.models import KisConnection, Order, OrderCommand

MOST_ANSWERS = 1000


def sessions() -> Sessions:
    """The session table that is in force."""
    return calendars.sessions()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an action is off: a stable key and the sentence that the button shows."""

    key: str
    text: str


def obstacle(order: Order, action: Action, now: datetime, *, part: bool = False) -> Doubt | None:
    """What stands against the action, whoever asks; None when nothing does. `part`: for less than all that is left."""
    if not order.is_open or not order.leaves_qty:
        return Doubt("nothing_left", _("미체결 수량이 없습니다."))
    connection = connection_of(order)
    if connection is None:
        return Doubt("no_connection", _("이 계좌의 KIS 연결이 꺼져 있습니다."))
    stop = switches.sending_is_off(order) or switches.stop_for(order, action)
    if stop is not None:
        return Doubt(stop.key, stop.text)
    closed = session_obstacle(order, action, now, part=part)
    if closed is None and order.alarm:
        return Doubt("books", _("장부가 증권사와 맞지 않아 보내지 않습니다."))
    return closed


def session_obstacle(order: Order, action: Action, now: datetime, *, part: bool = False) -> Doubt | None:
    """What KIS does not take of this order, at all or at this hour."""
    connection = connection_of(order)
    question = Question(
        market=Market(order.market),
        action=action,
        at=now.replace(microsecond=0),  # every session opens and closes on a whole second
        paper=connection is not None and connection.is_paper,
        order_type=order.order_type,
        exchange=order.exchange,
        part=part,
    )
    answer = _answer(question)
    return _said(answer, question) if isinstance(answer, NotAllowed) else None


_answers: tuple[Sessions | None, dict[Question, Allowed | NotAllowed]] = (None, {})


def _answer(question: Question) -> Allowed | NotAllowed:
    """What the table says; a list of orders asks it the same few questions over and over."""
    global _answers  # noqa: PLW0603 - one memory a process, begun anew with each table
    table = sessions()
    kept, answers = _answers
    if kept is not table or len(answers) > MOST_ANSWERS:
        answers = {}
        _answers = table, answers
    if question not in answers:
        answers[question] = table.allowed(question)
    return answers[question]


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


def _said(answer: NotAllowed, question: Question) -> Doubt:
    text = {
        Reason.NOT_OFFERED: _("KIS가 이 시장의 주문에는 이 요청을 받지 않습니다."),
        Reason.MODIFY_NOT_OFFERED: _modify_not_offered(question),
        Reason.PART_NOT_OFFERED: _part_not_offered(question),
        Reason.EXCHANGE_UNKNOWN: _("거래소를 알 수 없는 주문입니다. 증권사에 문의하십시오."),
        Reason.DAYTIME_SUSPENDED: _("미국 주간거래가 중단되어 있습니다."),
        Reason.PAPER_UNSUPPORTED: _("모의투자에서는 KIS가 이 기능을 제공하지 않습니다."),
        Reason.ALGORITHM_NOT_MODIFIABLE: _("TWAP·VWAP 주문은 정정할 수 없습니다."),
        Reason.RESERVATION_BREAK: _hours(question, _("지금은 예약주문을 취소할 수 없는 시간입니다.")),
        Reason.MARKET_CLOSED: _hours(question, _("장 운영시간이 아닙니다.")),
    }[answer.reason]
    if answer.opens_at is not None:
        opens = answer.opens_at.astimezone(KST)
        text = f"{text} {_('다음 시작')} {opens:%m-%d %H:%M}"
    return Doubt(answer.reason.value, text)


def _modify_not_offered(question: Question) -> str:
    if question.market in {Market.US_RESERVED, Market.ASIA_RESERVED}:
        return _("예약주문은 정정할 수 없습니다. 취소한 뒤 다시 예약해야 합니다.")
    if question.market is Market.ASIA:
        return _("KIS는 이 거래소의 주문을 정정할 수 없고 취소만 받습니다.")
    return _("이 유형의 주문은 정정할 수 없고 취소만 할 수 있습니다.")


def _part_not_offered(question: Question) -> str:
    if question.market is Market.FO_NIGHT:
        return _("야간 파생상품 주문은 남은 수량 전부만 정정하거나 취소할 수 있습니다.")
    return _("예약주문은 전량만 취소할 수 있습니다.")


_MARKETS = {
    Market.KRX: gettext_lazy("국내주식"),
    Market.US: gettext_lazy("미국주식"),
    Market.US_DAYTIME: gettext_lazy("미국 주간거래"),
    Market.US_RESERVED: gettext_lazy("미국 예약주문 취소"),
    Market.ASIA: gettext_lazy("아시아주식"),
    Market.ASIA_RESERVED: gettext_lazy("아시아 예약주문 취소"),
    Market.FO_DAY: gettext_lazy("국내 파생상품"),
    Market.FO_NIGHT: gettext_lazy("국내 야간 파생상품"),
}


def _hours(question: Question, otherwise: str) -> str:
    """The hours of the market as the table has them on that day, else a sentence without figures."""
    spans = _joined(span for row in _rows_of(question) for span in _spans(row))
    if not spans:
        return otherwise
    said = {"market": _MARKETS[question.market], "hours": ", ".join(f"{a:%H:%M}~{b:%H:%M}" for a, b in spans)}
    return _("%(market)s 시간은 %(hours)s입니다.") % said


def _rows_of(question: Question) -> list[Hours]:
    day = question.at.astimezone(KST).date()
    rows = [row for row in sessions().hours if row.market is question.market]
    held = [
        row
        for row in rows
        if row.valid_from <= day <= row.valid_to
        and row.us_summer in {None, is_us_summer(day)}
        and (not row.exchanges or question.exchange in row.exchanges)
    ]
    return sorted(held, key=lambda row: (row.next_day, row.opens))


def _spans(row: Hours) -> list[tuple[time, time]]:
    if row.pause is None:
        return [(row.opens, row.closes)]
    return [(row.opens, row.pause[0]), (row.pause[1], row.closes)]


def _joined(spans: Iterable[tuple[time, time]]) -> list[tuple[time, time]]:
    """Sessions that follow on each other without a gap are one."""
    joined: list[tuple[time, time]] = []
    for opens, closes in spans:
        if joined and joined[-1][1] == opens:
            joined[-1] = joined[-1][0], closes
        else:
            joined.append((opens, closes))
    return joined
