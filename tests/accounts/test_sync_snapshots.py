"""Where an answer goes: new rows, or the days of an equal one; in whatever order the days come."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import CashBalance, ClientAccount, Dataset, Slot, Snapshot, SyncRun, SyncStep
from accounts.sync.datasets import Day
from accounts.sync.snapshots import Arrival, newest, place_balance, place_day
from tests.accounts.sync_desk import kst, make_firm

pytestmark = pytest.mark.django_db
# A week without a holiday, Monday to Friday, and the Monday after.
MON, TUE, WED, THU, FRI, NEXT = (date(2026, 11, day) for day in (9, 10, 11, 12, 13, 16))


class Books:
    """One account's balances, by digest."""

    def __init__(self) -> None:
        self.account = ClientAccount.objects.create(firm=make_firm(), number="0019923122221")
        run = SyncRun.objects.create(slot=Slot.HISTORY, calendar_date=MON, started_at=kst("2026-11-09 20:30"))
        self.step = SyncStep.objects.create(
            run=run, firm=self.account.firm, account=self.account, dataset=Dataset.BALANCES, business_date=MON
        )

    def arrival(self, day: date, digest: str, dataset: str = Dataset.BALANCES) -> Arrival:
        def write(snapshot: Snapshot) -> None:
            CashBalance.objects.create(snapshot=snapshot, position=0, currency="KRW")

        return Arrival(self.step, self.account, dataset, day, digest, kst(f"{day} 20:35"), write)

    def put(self, *days: tuple[date, str]) -> list[bool]:
        return [place_balance(self.arrival(day, digest)) for day, digest in days]

    def spans(self) -> list[tuple[date, date, str]]:
        found = Snapshot.objects.filter(current=True).order_by("valid_from")
        return [(row.valid_from, row.business_date, row.digest) for row in found]


@pytest.fixture
def books() -> Books:
    return Books()


def test_an_equal_answer_of_the_next_day_moves_the_day_and_makes_no_rows(books: Books) -> None:
    assert books.put((MON, "a"), (TUE, "a"), (WED, "a")) == [True, False, False]
    assert books.spans() == [(MON, WED, "a")]
    assert CashBalance.objects.count() == 1
    assert Snapshot.objects.get().verified_at == kst("2026-11-11 20:35")


def test_a_weekend_is_no_gap(books: Books) -> None:
    books.put((FRI, "a"), (NEXT, "a"))
    assert books.spans() == [(FRI, NEXT, "a")]


def test_a_day_that_nobody_verified_stays_a_gap(books: Books) -> None:
    books.put((MON, "a"), (WED, "a"))
    assert books.spans() == [(MON, MON, "a"), (WED, WED, "a")]


def test_a_history_that_comes_newest_first_extends_backwards(books: Books) -> None:
    books.put((WED, "a"), (TUE, "a"), (MON, "b"))
    assert books.spans() == [(MON, MON, "b"), (TUE, WED, "a")]
    assert newest(books.arrival(MON, "b")).digest == "a"


def test_another_answer_for_the_same_day_takes_over_and_the_old_one_stays(books: Books) -> None:
    books.put((MON, "a"), (MON, "b"))
    assert books.spans() == [(MON, MON, "b")]
    assert Snapshot.objects.get(current=False).digest == "a"


def test_another_answer_for_the_last_day_shortens_the_days_before(books: Books) -> None:
    books.put((MON, "a"), (TUE, "a"), (TUE, "b"))
    assert books.spans() == [(MON, MON, "a"), (TUE, TUE, "b")]


def test_another_answer_for_the_first_day_shortens_the_days_after(books: Books) -> None:
    books.put((MON, "a"), (TUE, "a"), (MON, "b"))
    assert books.spans() == [(MON, MON, "b"), (TUE, TUE, "a")]


def test_another_answer_in_the_middle_parts_the_days(books: Books) -> None:
    books.put((MON, "a"), (TUE, "a"), (WED, "a"), (TUE, "b"))
    assert books.spans() == [(MON, MON, "a"), (TUE, TUE, "b"), (WED, WED, "a")]
    assert CashBalance.objects.filter(snapshot__valid_from=WED).count() == 1


def test_a_day_is_replaced_whole_only_when_it_says_something_else(books: Books) -> None:
    def put(digest: str) -> bool:
        return place_day(books.arrival(MON, digest, Dataset.ORDERS), Day(MON, ()))

    assert [put("a"), put("a"), put("b")] == [True, False, True]
    assert books.spans() == [(MON, MON, "b")]


def test_a_day_without_trading_and_without_rows_is_worth_no_snapshot(books: Books) -> None:
    assert not place_day(books.arrival(MON, "a", Dataset.TRADES), Day(MON, (), only_news=True))
    assert books.spans() == []


def test_a_stray_line_fills_an_unknown_day_and_never_replaces_a_whole_one(books: Books) -> None:
    def put(digest: str, *, stray: bool) -> bool:
        return place_day(books.arrival(MON, digest, Dataset.TRADES), Day(MON, (), stray=stray))

    assert put("stray", stray=True)
    assert put("whole", stray=False)
    assert not put("stray", stray=True)
    assert books.spans() == [(MON, MON, "whole")]
