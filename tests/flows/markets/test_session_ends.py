"""The end of each session: the buttons go off with the reason, and what was open is over for the day."""

from __future__ import annotations

import pytest

from orders.models import Order
from tests.flows.markets.cases import (
    ASIA_CASES,
    ASIAN_RESERVATIONS,
    DAY_CASES,
    DAYTIME,
    KRX_CASES,
    NIGHT_CASES,
    US_CASES,
    US_RESERVED,
    MarketCase,
)
from tests.flows.markets.house import House

pytestmark = pytest.mark.django_db
# In the order of the day in which they end, each with its hours as the button says them.
FRIDAY = (
    (ASIA_CASES[1].on("2026-11-20 14:30"), "아시아주식 시간은 09:00~11:30, 12:30~15:00입니다. 다음 시작 11-24 09:00"),
    (DAY_CASES[0].on("2026-11-20 14:31"), "국내 파생상품 시간은 08:45~15:45입니다. 다음 시작 11-23 08:45"),
    (ASIA_CASES[2].on("2026-11-20 14:32"), "아시아주식 시간은 10:30~16:00입니다. 다음 시작 11-23 10:30"),
    (ASIA_CASES[4].on("2026-11-20 15:05"), "아시아주식 시간은 11:00~13:30, 15:00~16:45입니다. 다음 시작 11-23 11:00"),
    (ASIA_CASES[0].on("2026-11-20 15:06"), "아시아주식 시간은 10:30~13:00, 14:00~17:00입니다. 다음 시작 11-23 10:30"),
    (DAYTIME.on("2026-11-20 15:07"), "미국 주간거래 시간은 10:00~18:00입니다. 다음 시작 11-23 10:00"),
    (KRX_CASES[2].on("2026-11-20 15:08"), "국내주식 시간은 08:00~20:00입니다. 다음 시작 11-23 08:00"),
    (NIGHT_CASES[0], "국내 야간 파생상품 시간은 18:00~06:00입니다. 다음 시작 11-23 18:00"),
    (US_CASES[0], "미국주식 시간은 18:00~07:00입니다. 다음 시작 11-23 18:00"),
)


def test_each_session_that_ends_takes_the_buttons_and_the_open_orders_with_it(house: House) -> None:
    """One Friday from the morning in Tokyo to the after-market of New York."""
    orders: dict[str, Order] = {}
    begun = sorted(FRIDAY, key=lambda pair: pair[0].at)
    for case, reason in sorted(FRIDAY, key=lambda pair: pair[0].over):
        for each, _ in begun:
            if each.name not in orders and each.at < case.over:
                orders[each.name] = house.order(each)
        _ends(house, case, orders[case.name], reason)
    assert Order.objects.open().count() == 0
    house.check_books()


def _ends(house: House, case: MarketCase, order: Order, reason: str) -> None:
    house.go(f"{case.over}:01")
    house.time.shift(-3)
    assert house.actions(order)["cancel"] == (True, ""), case.name
    house.go(f"{case.over}:01")
    order.refresh_from_db()
    assert (order.is_open, house.actions(order)["cancel"]) == (True, (False, reason)), case.name
    denied = house.ask(order)
    assert (denied.state, denied.reason, house.asked) == ("DENIED", reason, []), case.name
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.status, order.leaves_qty, order.cum_qty) == ("EXPIRED", 0, 3), case.name
    assert house.actions(order)["cancel"] == (False, "미체결 수량이 없습니다."), case.name


@pytest.mark.parametrize(
    ("case", "at", "reason"),
    [
        (ASIA_CASES[0], "2026-11-20 13:30", "아시아주식 시간은 10:30~13:00, 14:00~17:00입니다. 다음 시작 11-20 14:00"),
        (ASIA_CASES[1], "2026-11-20 12:00", "아시아주식 시간은 09:00~11:30, 12:30~15:00입니다. 다음 시작 11-20 12:30"),
        (
            US_RESERVED,
            "2026-11-20 16:35",
            "미국 예약주문 취소 시간은 10:00~16:30, 16:45~23:20입니다. 다음 시작 11-20 16:45",
        ),
        (
            ASIAN_RESERVATIONS[4],
            "2026-11-20 14:55",
            "아시아 예약주문 취소 시간은 09:00~11:00, 11:20~14:50입니다. 다음 시작 11-23 09:00",
        ),
    ],
    ids=str,
)
def test_a_break_refuses_requests_and_ends_no_order(house: House, case: MarketCase, at: str, reason: str) -> None:
    order = house.order(case)
    house.go(at)
    house.inquire(order.account)
    order.refresh_from_db()
    assert (order.is_open, house.actions(order)["cancel"]) == (True, (False, reason))
    assert (house.ask(order).state, house.asked) == ("DENIED", [])
