"""What may be done to an order now, by whom, and the sentence that says why not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role
from orders import permissions
from orders.domain.sessions import Action
from orders.models import Order, Switch
from tests.factories import (
    KisAccountFactory,
    OrderCommandFactory,
    OrderFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAYTIME = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 11:00 in Korea, a Friday in winter: US daytime trading
EVENING = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)  # 20:25
BREAK = datetime(2026, 11, 20, 7, 35, tzinfo=UTC)  # 16:35


def order(paper: bool = False, **fields: Any) -> Order:
    made = OrderFactory.create(**fields)
    kis = KisAccountFactory.create(account=made.account)
    if paper:
        kis.connection.environment = "paper"
        kis.connection.save()
    return Order.objects.get(pk=made.pk)


def keys(asked: Order, now: datetime) -> list[str | None]:
    found = [permissions.obstacle(asked, action, now) for action in (Action.CANCEL, Action.MODIFY)]
    return [doubt.key if doubt else None for doubt in found]


@pytest.mark.parametrize(
    ("fields", "now", "cancel", "modify"),
    [
        ({}, DAYTIME, None, None),
        ({}, EVENING, "market_closed", "market_closed"),
        ({"paper": True}, DAYTIME, "paper_unsupported", "paper_unsupported"),
        ({"status": "FILLED"}, DAYTIME, "nothing_left", "nothing_left"),
        ({"leaves_qty": Decimal(0)}, DAYTIME, "nothing_left", "nothing_left"),
        ({"order_type": "35"}, DAYTIME, None, "algorithm_not_modifiable"),
        ({"market": "US_RESERVED", "status": "RESERVED"}, EVENING, None, "modify_not_offered"),
        ({"market": "US_RESERVED", "status": "RESERVED"}, BREAK, "reservation_break", "modify_not_offered"),
        ({"market": "US_RESERVED", "status": "RESERVED", "paper": True}, EVENING, None, "modify_not_offered"),
        ({"market": "FO_NIGHT"}, EVENING, None, None),
        ({"market": "FO_NIGHT", "paper": True}, EVENING, "paper_unsupported", "paper_unsupported"),
        ({"market": "ASIA", "exchange": "SHAA"}, DAYTIME, None, "modify_not_offered"),
        ({"market": "KRX", "exchange": ""}, DAYTIME, "exchange_unknown", "exchange_unknown"),
    ],
)
def test_an_order_says_what_stands_against_cancel_and_modify(
    fields: dict[str, Any], now: datetime, cancel: str | None, modify: str | None
) -> None:
    assert keys(order(**fields), now) == [cancel, modify]


def test_a_closed_market_says_when_it_opens() -> None:
    doubt = permissions.obstacle(order(), Action.CANCEL, EVENING)
    assert doubt is not None
    assert "10:00~18:00" in doubt.text
    assert doubt.text.endswith("11-23 10:00")


HOURS = {
    ("US_DAYTIME", "NASD"): "미국 주간거래 시간은 10:00~18:00입니다.",
    ("US_RESERVED", "NASD"): "미국 예약주문 취소 시간은 10:00~16:30, 16:45~23:20입니다.",
    ("US", "NASD"): "미국주식 시간은 18:00~07:00입니다.",
    ("ASIA", "SEHK"): "아시아주식 시간은 10:30~13:00, 14:00~17:00입니다.",
    ("ASIA", "TKSE"): "아시아주식 시간은 09:00~11:30, 12:30~15:00입니다.",
    ("ASIA_RESERVED", "SEHK"): "아시아 예약주문 취소 시간은 09:00~10:20, 10:40~13:50입니다.",
    ("KRX", "KRX"): "국내주식 시간은 08:00~20:00입니다.",
    ("FO_DAY", "KRX"): "국내 파생상품 시간은 08:45~15:45입니다.",
    ("FO_NIGHT", "KRX"): "국내 야간 파생상품 시간은 18:00~06:00입니다.",
}


@pytest.mark.parametrize(("market", "exchange"), HOURS, ids=lambda name: name)
def test_a_market_that_is_closed_names_its_hours(market: str, exchange: str) -> None:
    """On a Sunday nothing is open."""
    sunday = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    doubt = permissions.obstacle(order(market=market, exchange=exchange), Action.CANCEL, sunday)
    assert doubt is not None
    assert (doubt.key, HOURS[market, exchange] in doubt.text) == ("market_closed", True)
    assert "다음 시작 11-2" in doubt.text


def test_the_daytime_hours_follow_the_american_summer() -> None:
    july = datetime(2026, 7, 10, 11, 25, tzinfo=UTC)
    doubt = permissions.obstacle(order(), Action.CANCEL, july)
    assert doubt is not None
    assert "10:00~17:00" in doubt.text


@pytest.mark.parametrize(
    ("market", "exchange", "now", "key"),
    [
        ("FO_NIGHT", "KRX", EVENING, "part_not_offered"),
        ("US_RESERVED", "NASD", EVENING, "part_not_offered"),
        ("US_DAYTIME", "NASD", DAYTIME, None),
        ("ASIA", "SEHK", DAYTIME, None),
    ],
)
def test_a_part_is_refused_where_the_broker_takes_none(market: str, exchange: str, now: datetime, key: str) -> None:
    doubt = permissions.obstacle(order(market=market, exchange=exchange), Action.CANCEL, now, part=True)
    assert (doubt.key if doubt else None) == key


@pytest.mark.parametrize(
    ("kind", "cancel", "modify"),
    [("kill", None, "kill"), ("sending_off", "sending_off", "sending_off")],
)
def test_a_switch_holds_back_what_it_is_for(kind: str, cancel: str | None, modify: str | None) -> None:
    asked = order()
    Switch.objects.create(kind=kind, scope="all", engaged_by=UserFactory.create(), engaged_at=DAYTIME, reason="훈련")
    assert keys(asked, DAYTIME) == [cancel, modify]


def test_an_account_whose_app_key_is_off_or_missing_can_do_nothing() -> None:
    off, without = order(), OrderFactory.create()
    off.account.kis.connection.active = False
    off.account.kis.connection.save()
    off.refresh_from_db()
    for asked in (off, without):
        assert keys(asked, DAYTIME) == ["no_connection", "no_connection"]
        assert permissions.connection_of(asked) is None


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.MANAGER, True), (Role.ASSISTANT, False), (Role.OPERATIONS, False), (Role.COMPLIANCE, False)],
)
def test_buttons_are_on_for_a_manager_alone(role: Role, allowed: bool) -> None:
    cancel, modify = permissions.allowed_actions(order(), UserFactory.create(role=role), DAYTIME)
    assert (cancel["action"], modify["action"]) == ("cancel", "modify")
    assert (cancel["allowed"], modify["allowed"]) == (allowed, allowed)
    assert bool(cancel["reason"]) is not allowed


@pytest.mark.parametrize(("state", "allowed"), [("ACKED", False), ("UNKNOWN", False), ("CONFIRMED", True)])
def test_one_request_at_a_time(state: str, allowed: bool) -> None:
    asked = order()
    command = OrderCommandFactory.create(order=asked, state=state)
    cancel, _ = permissions.allowed_actions(asked, UserFactory.create(), DAYTIME)
    assert cancel["allowed"] is allowed
    assert permissions.live_command(asked) == (None if allowed else command)


def test_books_that_differ_hold_both_back_and_the_button_says_so() -> None:
    asked = order(alarm="more filled than the broker says")
    assert keys(asked, DAYTIME) == ["books", "books"]
