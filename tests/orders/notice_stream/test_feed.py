"""The feed's word and its sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.models.stream import Feed
from orders.kis.stream import WaitReason
from orders.notice_stream import feed
from orders.notice_stream.feed import Link, Sweeps

AT = datetime(2026, 11, 20, 1, 41, 7, tzinfo=UTC)
NEVER = Sweeps(None, None, answered=True)
READ = Sweeps(AT, AT.replace(second=1), answered=True)


@pytest.mark.parametrize(
    ("link", "sweeps", "state"),
    [
        (Link(), NEVER, Feed.DOWN),
        (Link(reason=WaitReason.SLOT_HELD), READ, Feed.POLLING),
        (Link(reason=WaitReason.SLOT_HELD), Sweeps(None, None, answered=False), Feed.DOWN),
        (Link(live=True), READ, Feed.SYNCING),
        (Link(live=True, recovered=True), READ, Feed.LIVE),
        (Link(live=True, recovered=True, behind=True), READ, Feed.SYNCING),
        (Link(live=True, recovered=True, unread={"H0STCNI0": ""}), READ, Feed.POLLING),
        (Link(live=True, recovered=True, registering=True, unread={"H0STCNI0": ""}), READ, Feed.SYNCING),
        (Link(live=True, recovered=True, registering=True), READ, Feed.LIVE),
    ],
)
def test_it_is_live_only_where_nothing_can_be_missed(link: Link, sweeps: Sweeps, state: Feed) -> None:
    assert feed.state(link, sweeps) is state


def test_a_held_slot_says_why_and_when_it_is_tried_again() -> None:
    link = Link(reason=WaitReason.SLOT_HELD, next_try_at=AT)
    assert feed.detail(link, NEVER) == "다른 접속이 앱키를 쓰고 있습니다 · 다음 시도 10:41:07"


@pytest.mark.parametrize("reason", WaitReason)
def test_every_reason_has_a_sentence(reason: WaitReason) -> None:
    assert feed.detail(Link(reason=reason), NEVER)


def test_the_ages_of_the_reads_are_said() -> None:
    link = Link(live=True, recovered=True)
    assert feed.detail(link, READ) == "미체결 조회 10:41:07 · 전체 조회 10:41:01"


def test_a_full_list_of_registrations_is_said_by_its_name() -> None:
    link = Link(live=True, unread={"H0STCNI0": "OPSP0008", "H0IFCNI0": ""})
    assert feed.detail(link, NEVER) == "등록 한도(41건)를 넘어 받지 못하는 통보: H0IFCNI0, H0STCNI0"
    assert feed.detail(Link(live=True, unread={"H0STCNI0": ""}), NEVER) == "등록되지 않은 통보: H0STCNI0"
