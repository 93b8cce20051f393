"""The strip of market hours: which markets, open until when, and why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.clock import KST
from accounts.models import User
from orders import calendars, session_clock
from orders.domain.events import Family, Market
from orders.models import MarketSuspension
from orders.session_clock import Closed, Line, Phase
from tests import factories as make

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 20, 11, 10, tzinfo=KST)  # winter in New York


@pytest.fixture
def manager() -> User:
    user = make.UserFactory.create()
    make.assigned(user, make.KisAccountFactory.create(product="01").account)
    return user


def line(user: User, market: Market, at: datetime) -> Line:
    return next(one for one in session_clock.read(user, at).lines if one.market == market)


def shown(user: User) -> set[str]:
    return {one.market for one in session_clock.read(user, FRIDAY).lines}


def test_a_person_without_accounts_has_no_market() -> None:
    assert session_clock.read(make.UserFactory.create(), FRIDAY) == session_clock.SessionClock(FRIDAY, ())


def test_a_stock_account_trades_the_parts_of_the_us_market(manager: User) -> None:
    assert shown(manager) == {"US", "US_DAYTIME", "US_RESERVED"}


def test_a_derivatives_account_trades_day_and_night(manager: User) -> None:
    make.assigned(manager, make.KisAccountFactory.create(product="03").account)
    assert shown(manager) >= {"FO_DAY", "FO_NIGHT"}


def test_a_market_that_was_traded_within_a_month_is_shown(manager: User) -> None:
    account = manager.assignments.get().account
    krx = {"account": account, "market": Market.KRX.value, "family": Family.KRX.value}
    make.OrderFactory.create(**krx, ordered_at=FRIDAY - timedelta(days=40))
    assert "KRX" not in shown(manager)
    make.OrderFactory.create(**krx, ordered_at=FRIDAY - timedelta(days=20))
    assert "KRX" in shown(manager)


def test_an_open_market_says_until_when(manager: User) -> None:
    found = line(manager, Market.US_DAYTIME, FRIDAY)
    assert (found.phase, found.session, found.reason) == (Phase.OPEN, "daytime", None)
    assert found.changes_at == datetime(2026, 11, 20, 18, 0, tzinfo=KST)


def test_summer_in_new_york_closes_the_daytime_an_hour_earlier(manager: User) -> None:
    found = line(manager, Market.US_DAYTIME, datetime(2026, 7, 10, 11, 0, tzinfo=KST))
    assert found.changes_at == datetime(2026, 7, 10, 17, 0, tzinfo=KST)


def test_the_break_of_the_reservations_says_when_they_go_on(manager: User) -> None:
    found = line(manager, Market.US_RESERVED, datetime(2026, 11, 20, 16, 35, tzinfo=KST))
    assert (found.phase, found.changes_at) == (Phase.BREAK, datetime(2026, 11, 20, 16, 45, tzinfo=KST))


@pytest.mark.parametrize(
    ("at", "reason", "opens_at"),
    [
        (datetime(2026, 11, 20, 9, 0, tzinfo=KST), Closed.BEFORE, datetime(2026, 11, 20, 10, 0, tzinfo=KST)),
        (datetime(2026, 11, 20, 19, 0, tzinfo=KST), Closed.AFTER, datetime(2026, 11, 23, 10, 0, tzinfo=KST)),
        (datetime(2026, 11, 21, 12, 0, tzinfo=KST), Closed.WEEKEND, datetime(2026, 11, 23, 10, 0, tzinfo=KST)),
        (datetime(2026, 11, 26, 12, 0, tzinfo=KST), Closed.HOLIDAY, datetime(2026, 11, 27, 10, 0, tzinfo=KST)),
    ],
    ids=["before", "after", "weekend", "thanksgiving"],
)
def test_a_closed_market_says_why_and_when_it_opens(
    manager: User, at: datetime, reason: Closed, opens_at: datetime
) -> None:
    found = line(manager, Market.US_DAYTIME, at)
    assert (found.phase, found.reason, found.changes_at) == (Phase.CLOSED, reason, opens_at)


def test_the_strip_is_drawn_anew_when_the_first_market_changes(manager: User) -> None:
    assert session_clock.read(manager, FRIDAY).next_change == datetime(2026, 11, 20, 16, 30, tzinfo=KST)


def test_the_us_hours_are_those_of_its_own_market_too(manager: User) -> None:
    night = line(manager, Market.US, datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    assert (night.session, night.is_american) == ("regular", True)


def asian(user: User, market: Market, exchange: str) -> None:
    account = user.assignments.get().account
    family = Family.OVERSEAS.value if market is Market.ASIA else Family.RESERVED.value
    ordered = {"family": family, "exchange": exchange, "ordered_at": FRIDAY - timedelta(days=1)}
    make.OrderFactory.create(account=account, market=market.value, **ordered)


def test_each_asian_exchange_has_hours_of_its_own(manager: User) -> None:
    asian(manager, Market.ASIA, "TKSE")
    asian(manager, Market.ASIA, "SEHK")
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=KST)
    found = [one for one in session_clock.read(manager, noon).lines if one.market == Market.ASIA]
    assert [(one.exchange, one.phase) for one in found] == [("SEHK", Phase.OPEN), ("TKSE", Phase.BREAK)]
    assert [f"{one.changes_at:%H:%M}" for one in found] == ["13:00", "12:30"]


def test_a_suspended_market_says_so_and_has_no_next_opening(manager: User) -> None:
    MarketSuspension.objects.create(market=Market.US_DAYTIME.value, starts_on=FRIDAY.date(), note="점검")
    calendars.forget()
    with time_machine.travel(FRIDAY, tick=False):
        found = line(manager, Market.US_DAYTIME, FRIDAY)
    calendars.forget()
    assert (found.phase, found.reason, found.changes_at) == (Phase.CLOSED, Closed.SUSPENDED, None)


def test_a_us_reservation_is_sent_at_the_next_regular_opening() -> None:
    order = make.OrderFactory.build(market="US_RESERVED", status="RESERVED")
    evening = datetime(2026, 11, 20, 20, 25, tzinfo=KST)
    assert session_clock.transmission(order, evening) == datetime(2026, 11, 20, 23, 30, tzinfo=KST)
    sunday = datetime(2026, 11, 22, 12, 0, tzinfo=KST)
    assert session_clock.transmission(order, sunday) == datetime(2026, 11, 23, 23, 30, tzinfo=KST)


def test_an_asian_reservation_is_not_sent_before_its_window_closes() -> None:
    asked = datetime(2026, 11, 20, 9, 30, tzinfo=KST)
    order = make.OrderFactory.build(market="ASIA_RESERVED", status="RESERVED", exchange="TKSE", ordered_at=asked)
    assert session_clock.transmission(order, asked) == datetime(2026, 11, 20, 12, 20, tzinfo=KST)
    assert session_clock.transmission(order, datetime(2026, 11, 20, 13, 0, tzinfo=KST)) is None


def test_what_was_sent_keeps_its_time_and_other_orders_have_none() -> None:
    sent = make.OrderFactory.build(market="US", status="FILLED", transmits_at=FRIDAY)
    assert session_clock.transmission(sent, FRIDAY + timedelta(days=1)) == FRIDAY
    assert session_clock.transmission(make.OrderFactory.build(), FRIDAY) is None
