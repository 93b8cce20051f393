"""Market hours as staff keep them: what is written in the admin is what orders obey."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent, Role
from orders import calendars
from orders.domain.events import Market
from orders.domain.sessions import HOURS, Action, Allowed, Calendar, NotAllowed, Question, Reason, Sessions
from orders.models import MarketDay, MarketHours, MarketSuspension
from tests.accounts.admin_pages import page, save, staff

pytestmark = pytest.mark.django_db
PREVIEW = "/admin/orders/markethours/preview/"
FORM = {
    "market": "US_DAYTIME",
    "name": "daytime",
    "opens": "10:00",
    "closes": "18:00",
    "calendar": "US",
    "us_summer": "false",
}
DAYTIME = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 11:00 in Korea, a Friday in winter


@pytest.fixture(autouse=True)
def _fresh() -> None:
    calendars.forget()


def table() -> Sessions:
    calendars.forget()
    return calendars.sessions()


def ask(at: datetime = DAYTIME) -> Allowed | NotAllowed:
    return table().allowed(Question(Market.US_DAYTIME, Action.CANCEL, at, exchange="NASD"))


def daytime(us_summer: bool) -> MarketHours:
    return MarketHours.objects.get(market="US_DAYTIME", us_summer=us_summer)


def test_the_programs_own_hours_are_rows_after_a_migration() -> None:
    rows = {row.default_key: calendars.as_hours(row) for row in MarketHours.objects.all()}

    assert rows == {calendars.default_key(hours): hours for hours in HOURS}


def test_us_daytime_is_10_to_18_and_17_in_us_summer_time() -> None:
    hours = {row.us_summer: (row.opens, row.closes) for row in MarketHours.objects.filter(market="US_DAYTIME")}

    assert hours == {False: (time(10), time(18)), True: (time(10), time(17))}


def test_an_edited_hour_is_what_orders_obey() -> None:
    row = daytime(us_summer=False)
    row.opens = time(11, 30)
    row.save()

    answer = ask()

    assert isinstance(answer, NotAllowed)
    assert answer.reason is Reason.MARKET_CLOSED
    assert answer.opens_at == datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


def test_an_upgrade_brings_new_hours_and_leaves_edited_rows_alone() -> None:
    edited, ours = daytime(us_summer=False), daytime(us_summer=True)
    edited.closes, edited.edited = time(16), True
    edited.save()
    ours.closes = time(12)
    ours.save()
    MarketHours.objects.filter(market="KRX").delete()

    calendars.seed()

    assert daytime(us_summer=False).closes == time(16)
    assert daytime(us_summer=True).closes == time(17)
    assert MarketHours.objects.filter(market="KRX").count() == sum(1 for h in HOURS if h.market is Market.KRX)


def test_seeding_twice_writes_nothing() -> None:
    calendars.seed()

    assert calendars.seed() == 0


def test_a_day_closed_for_once_closes_the_market() -> None:
    MarketDay.objects.create(calendar="US", day=date(2026, 11, 20), is_open=False)

    assert isinstance(ask(), NotAllowed)


def test_a_holiday_that_trades_after_all_is_open() -> None:
    thanksgiving = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    assert isinstance(ask(thanksgiving), NotAllowed)

    MarketDay.objects.create(calendar="US", day=date(2026, 11, 26), is_open=True)

    assert isinstance(ask(thanksgiving), Allowed)


@pytest.mark.parametrize(
    ("starts", "ends", "suspended"),
    [
        (date(2026, 11, 20), None, True),
        (date(2026, 11, 1), date(2026, 11, 20), True),
        (date(2026, 11, 21), None, False),
        (date(2026, 11, 1), date(2026, 11, 19), False),
    ],
)
def test_a_suspension_holds_between_its_days(starts: date, ends: date | None, suspended: bool) -> None:
    MarketSuspension.objects.create(market="US_DAYTIME", starts_on=starts, ends_on=ends)

    with time_machine.travel(DAYTIME, tick=False):
        answer = ask()

    assert isinstance(answer, NotAllowed) is suspended


def test_every_calendar_has_published_holidays() -> None:
    published = calendars.published()

    assert {calendar for calendar in Calendar if calendar is not Calendar.KOREA_WEEKDAYS} == set(published)
    assert all(any(day.year == 2026 for day in days) for days in published.values())


def test_another_process_sees_an_edit_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr("orders.calendars.time.monotonic", lambda: seconds[0])
    table()
    MarketHours.objects.filter(market="US_DAYTIME").delete()
    seconds[0] += 1.9
    before = calendars.sessions().session_at(Market.US_DAYTIME, DAYTIME)
    seconds[0] += 0.2
    after = calendars.sessions().session_at(Market.US_DAYTIME, DAYTIME)

    assert before is not None
    assert after is None


@pytest.mark.parametrize(
    "changes",
    [
        {"pause_from": time(12)},
        {"pause_from": time(12), "pause_to": time(11)},
        {"pause_from": time(9), "pause_to": time(11)},
    ],
)
def test_an_impossible_pause_is_refused(changes: dict[str, time]) -> None:
    row = daytime(us_summer=False)
    for name, value in changes.items():
        setattr(row, name, value)

    with pytest.raises(ValidationError):
        row.full_clean()


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, True),
        ({"us_summer": None}, True),
        ({"us_summer": True, "opens": time(17), "closes": time(18)}, False),
        ({"opens": time(18), "closes": time(19)}, False),
        ({"valid_to": date(2020, 1, 1)}, True),
    ],
)
def test_two_sessions_at_one_time_are_refused(changes: dict[str, object], refused: bool) -> None:
    fields: dict[str, object] = {
        "market": "US_DAYTIME",
        "name": "extra",
        "opens": time(12),
        "closes": time(13),
        "calendar": "US",
        "us_summer": False,
    }
    row = MarketHours(**{**fields, **changes})

    try:
        row.full_clean()
    except ValidationError:
        assert refused
    else:
        assert not refused


def test_a_weekend_cannot_be_declared_open() -> None:
    with pytest.raises(ValidationError):
        MarketDay(calendar="KRX", day=date(2026, 11, 21), is_open=True).full_clean()


def test_the_preview_shows_what_is_open_on_a_day() -> None:
    text = staff(Role.OPERATIONS).get(PREVIEW, {"day": "2026-11-20"}).content.decode()

    assert "US_DAYTIME" in text
    assert "11-20 18:00" in text


def test_the_preview_names_the_exchanges_of_a_session_in_alphabetical_order() -> None:
    row = daytime(us_summer=False)
    row.exchanges = "TKSE,SZAA,NYSE,VNSE,AMEX,SHAA,NASD,HASE,SEHK"
    row.save()
    text = staff(Role.OPERATIONS).get(PREVIEW, {"day": "2026-11-20"}).content.decode()

    assert "<td>AMEX, HASE, NASD, NYSE, SEHK, SHAA, SZAA, TKSE, VNSE</td>" in text


@pytest.mark.parametrize("day", ["", "2026-13-40", "0001-01-01", "9999-12-31", "x"])
def test_the_preview_of_an_impossible_day_is_no_error(day: str) -> None:
    assert staff(Role.OPERATIONS).get(PREVIEW, {"day": day}).status_code == 200


@pytest.mark.parametrize(("role", "status"), [(Role.COMPLIANCE, 200), (Role.MANAGER, 302), (Role.ADMINISTRATOR, 403)])
def test_the_preview_is_for_those_who_may_read_the_calendar(role: Role, status: int) -> None:
    assert staff(role).get(PREVIEW).status_code == status


def test_an_edit_in_the_admin_is_audited_and_kept_from_upgrades() -> None:
    row = daytime(us_summer=False)
    answer = save(staff(Role.OPERATIONS), row, {**FORM, "closes": "16:00"})

    assert answer.status_code == 302, answer.content.decode()
    row.refresh_from_db()
    assert (row.closes, row.edited) == (time(16), True)
    assert AuditEvent.objects.filter(action="admin.changed", subject=f"markethours {row.pk}").exists()


def test_an_unknown_exchange_is_refused_by_name() -> None:
    answer = save(staff(Role.OPERATIONS), daytime(us_summer=False), {**FORM, "exchanges": "NASD, MARS"})

    assert "MARS" in answer.content.decode()


def test_a_row_of_the_program_is_not_deleted() -> None:
    row = daytime(us_summer=False)

    assert staff(Role.OPERATIONS).post(page("delete", MarketHours, row.pk), {"post": "yes"}).status_code == 403
