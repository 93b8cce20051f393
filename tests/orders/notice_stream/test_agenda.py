"""What is asked next: after a loss the lists with open orders, again right after three seconds; then the sweeps."""

from __future__ import annotations

from itertools import pairwise

from orders.notice_stream.agenda import ALL_EVERY, OPEN_EVERY, READS_AFTER, Agenda, Answer, Question, Scope

SAME = Answer("same", agrees=True)


def agenda(**accounts: bool) -> Agenda:
    """Accounts a1, a2, ... with whether they have open orders, all read at 0."""
    made = Agenda()
    made.know({int(name[1:]): has_open for name, has_open in accounts.items()})
    for name in accounts:
        made.answered(Question(int(name[1:]), Scope.ALL), 0, SAME)
    return made


def ask(made: Agenda, now: float, answer: Answer | None = SAME) -> Question | None:
    question = made.next(now)
    if question is not None:
        made.answered(question, now, answer)
    return question


def test_open_orders_are_swept_each_ten_seconds_and_everything_each_minute() -> None:
    made = agenda(a1=True, a2=False)
    assert made.next(OPEN_EVERY - 0.1) is None
    assert ask(made, OPEN_EVERY) == Question(1, Scope.OPEN)
    assert made.next(OPEN_EVERY + 1) is None
    for again in (20.0, 30.0, 40.0, 50.0):
        assert ask(made, again) == Question(1, Scope.OPEN)
    asked = {ask(made, ALL_EVERY), ask(made, ALL_EVERY), ask(made, ALL_EVERY)}
    assert asked == {Question(1, Scope.OPEN), Question(1, Scope.ALL), Question(2, Scope.ALL)}


def test_a_full_sweep_that_is_late_goes_before_an_open_one() -> None:
    made = agenda(a1=True, a2=False)
    made.answered(Question(1, Scope.OPEN), ALL_EVERY + 15, SAME)
    assert made.next(ALL_EVERY + 26) in {Question(1, Scope.ALL), Question(2, Scope.ALL)}


def test_after_a_loss_accounts_with_open_orders_are_first() -> None:
    made = agenda(a1=False, a2=True)
    made.recover(7, [1, 2], 1)
    assert ask(made, 1) == Question(2, Scope.OPEN)
    assert {ask(made, 1), ask(made, 1)} == {Question(1, Scope.ALL), Question(2, Scope.ALL)}
    assert made.was_read(7)


def test_the_second_read_of_open_orders_comes_right_after_three_seconds_before_anything_else() -> None:
    made = agenda(a1=True, a2=False, a3=False)
    made.recover(7, [1, 2, 3], 1)
    assert ask(made, 1.5) == Question(1, Scope.OPEN)
    assert 3 < READS_AFTER[1] < 3.3
    assert ask(made, 1.5 + READS_AFTER[1]) == Question(1, Scope.OPEN)


def test_two_equal_reads_that_agree_end_it() -> None:
    made = agenda(a1=False)
    question = Question(1, Scope.ALL)
    made.recover(7, [1], 0)
    assert made.answered(question, 0, SAME) == []
    assert made.answered(question, 3.1, SAME) == [(7, 2)]


def test_reads_that_differ_or_books_that_do_not_agree_are_read_again_on_the_schedule() -> None:
    made = agenda(a1=False)
    question = Question(1, Scope.ALL)
    made.recover(7, [1], 0)
    made.answered(question, 0, Answer("one", agrees=False))
    made.answered(question, 3.1, Answer("two", agrees=True))
    assert made.next(14.9) is None
    assert made.next(15) == question
    made.answered(question, 15, Answer("two", agrees=False))
    for again in (60, 120, 180):
        assert made.answered(question, again, Answer("three", agrees=False)) == [], "it is never taken for whole"
        assert made._recoveries[7][question].due == again + 60
    made.answered(question, 240, Answer("four", agrees=True))
    assert made.answered(question, 300, Answer("four", agrees=True)) == [(7, 8)]


def test_an_account_that_moves_while_its_books_agree_is_recovered_too() -> None:
    made = agenda(a1=False)
    made.recover(7, [1], 0)
    made.answered(Question(1, Scope.ALL), 0, Answer("one", agrees=True))
    assert made.answered(Question(1, Scope.ALL), 3.1, Answer("two", agrees=True)) == [(7, 2)]


def test_what_is_not_answered_is_asked_again_and_counts_as_no_read() -> None:
    made = agenda(a1=False)
    question = Question(1, Scope.ALL)
    made.recover(7, [1], 0)
    assert made.answered(question, 0, None) == []
    assert not made.was_read(7)
    assert not made.is_answered
    assert made.next(1.9) is None
    assert made.next(2) == question
    made.answered(question, 2, SAME)
    assert made.was_read(7)
    assert made.is_answered


def test_a_session_lost_again_begins_its_recovery_anew() -> None:
    made = agenda(a1=False)
    made.recover(7, [1], 0)
    made.answered(Question(1, Scope.ALL), 0, SAME)
    made.drop(7)
    assert not made.was_read(7)
    assert made.next(5) is None
    made.recover(7, [1], 6)
    assert not made.was_read(7)
    assert made.next(6) == Question(1, Scope.ALL)


def test_a_quarantined_notice_asks_for_its_account_before_every_sweep() -> None:
    made = agenda(a1=True, a2=False)
    made.recover(7, [2], 70, urgent=True)
    assert made.next(70) == Question(2, Scope.ALL)


def test_a_sessions_end_asks_for_everything_of_the_account_and_once_more_later() -> None:
    made = agenda(a1=False)
    made.read_fully(1, 5)
    made.read_fully(1, 25)
    made.read_fully(9, 5)
    assert ask(made, 5) == Question(1, Scope.ALL)
    assert made.next(24) is None
    assert ask(made, 25) == Question(1, Scope.ALL)
    assert made.next(26) is None


def test_the_ages_of_the_sweeps_are_those_of_the_account_that_waits_longest() -> None:
    made = agenda(a1=True, a2=True)
    made.answered(Question(1, Scope.OPEN), 12, SAME)
    assert (made.oldest_open(), made.oldest_all()) == (0, 0)
    made.answered(Question(2, Scope.OPEN), 13, SAME)
    assert made.oldest_open() == 12
    made.know({1: True, 2: True, 3: False})
    assert (made.oldest_open(), made.oldest_all()) == (12, None), "an account that was never read has no age"


def test_an_account_that_left_is_asked_for_no_more() -> None:
    made = agenda(a1=False, a2=False)
    made.recover(7, [1, 2], 0)
    made.know({1: False})
    assert ask(made, 0) == Question(1, Scope.ALL)
    assert made.next(0) is None
    assert made.answered(Question(2, Scope.ALL), 0, SAME) == []


def test_without_accounts_there_is_nothing_to_ask_and_nothing_unanswered() -> None:
    made = Agenda()
    made.recover(7, [], 0)
    assert made.next(100) is None
    assert made.was_read(7)
    assert made.is_answered
    assert made.oldest_all() is None


def test_a_read_that_was_asked_for_before_the_recovery_counts_for_nothing() -> None:
    made = agenda(a1=False)
    made.recover(7, [1], 10)
    made.answered(Question(1, Scope.ALL), 9.9, SAME)
    assert not made.was_read(7)
    made.answered(Question(1, Scope.ALL), 10, SAME)
    assert made.was_read(7)


def test_an_account_that_is_never_answered_for_holds_up_no_other_one() -> None:
    made = agenda(a1=True, a2=True, a3=False)
    made.recover(7, [1, 2, 3], 1)
    now, asked = 1.0, {1: [0.0], 2: [0.0], 3: [0.0]}
    while now < 600:
        question = made.next(now)
        if question is None:
            now += 0.2
            continue
        fails = question.account_id == 1
        asked[question.account_id].append(now)
        before, now = now, now + (5.0 if fails else 0.3)
        made.answered(question, before, None if fails else SAME, now)
    for account_id, longest in ((2, OPEN_EVERY + 15), (3, ALL_EVERY + 15)):
        times = [*asked[account_id], 600.0]
        assert max(after - before for before, after in pairwise(times)) < longest


def test_what_fails_again_and_again_is_asked_less_and_less_often_until_it_is_answered() -> None:
    made = agenda(a1=True)
    question = Question(1, Scope.OPEN)
    made.recover(7, [1], 0)
    part, waits, now = made._recoveries[7][question], [], 0.0
    for _ in range(7):
        made.answered(question, now, None, now + 5)
        waits.append(part.due - now - 5)
        now = part.due
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    made.answered(question, now, SAME, now)
    made.answered(question, now + 4, None, now + 9)
    assert part.due == now + 11


def test_on_a_busy_desk_each_order_is_compared_by_some_read() -> None:
    made = agenda(a1=False)
    question = Question(1, Scope.ALL)
    made.recover(7, [1], 0)
    first = Answer("one", agrees=True, compared=frozenset({1}), overtaken=frozenset({2}))
    assert made.answered(question, 0, first) == []
    assert (
        made.answered(question, 3.1, Answer("two", agrees=True, compared=frozenset({1}), overtaken=frozenset({2})))
        == []
    )
    second = Answer("three", agrees=True, compared=frozenset({2}), overtaken=frozenset({1}))
    assert made.answered(question, 15, second) == [], "it is the first by which all were compared"
    assert made.answered(question, 60, Answer("four", agrees=True, overtaken=frozenset({1, 2}))) == [(7, 4)]
