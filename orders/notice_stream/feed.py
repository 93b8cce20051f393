"""How the feed of one app key is, in one word, and the sentence that says why."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.clock import KST
from accounts.models.stream import Feed
from orders.kis.codes import TOO_MANY_SUBSCRIPTIONS
from orders.kis.stream import WaitReason


@dataclass(slots=True)
class Link:
    """What is known of the line and the reads. `unread`: TR ids that are not registered, with the broker's code.

    `live` from the first registration to the session's end; `registering` while the answers to the others may still
    come. `recovered` once every list was read since then. `behind` while frames that came are not applied. `turned`
    asks who tells it to look at once.
    """

    live: bool = False
    registering: bool = False
    recovered: bool = False
    behind: bool = False
    reason: WaitReason | None = None
    next_try_at: datetime | None = None
    unread: dict[str, str] = field(default_factory=dict)
    heard_at: datetime | None = None
    turned: asyncio.Event = field(default_factory=asyncio.Event)

    def recover(self) -> None:
        self.recovered = True
        self.turned.set()


@dataclass(frozen=True, slots=True)
class Sweeps:
    """When the lists were last read throughout; None when not all of them were yet. `answered`: by one at least."""

    open_at: datetime | None
    all_at: datetime | None
    answered: bool


def state(link: Link, sweeps: Sweeps) -> Feed:
    """LIVE only where every notice can be read, all that came are, and the lists were read since the session began."""
    if not link.live:
        return Feed.POLLING if sweeps.answered and link.reason else Feed.DOWN
    if not link.recovered or link.behind or (link.unread and link.registering):
        return Feed.SYNCING
    return Feed.POLLING if link.unread else Feed.LIVE


def detail(link: Link, sweeps: Sweeps) -> str:
    """Why it is not live, when the next attempt is, and how old the reads are; times are Korean."""
    parts = [_unread(link)] if link.live and link.unread and not link.registering else []
    if not link.live and link.reason is not None:
        parts.append(_reason(link.reason))
        if link.next_try_at is not None:
            parts.append(_("다음 시도 %(at)s") % {"at": _time(link.next_try_at)})
    if sweeps.open_at is not None:
        parts.append(_("미체결 조회 %(at)s") % {"at": _time(sweeps.open_at)})
    if sweeps.all_at is not None:
        parts.append(_("전체 조회 %(at)s") % {"at": _time(sweeps.all_at)})
    return " · ".join(parts)


def _unread(link: Link) -> str:
    names = ", ".join(sorted(link.unread))
    if TOO_MANY_SUBSCRIPTIONS in link.unread.values():
        return _("등록 한도(41건)를 넘어 받지 못하는 통보: %(names)s") % {"names": names}
    return _("등록되지 않은 통보: %(names)s") % {"names": names}


def _reason(reason: WaitReason) -> str:
    return {
        WaitReason.NO_APPROVAL: _("접속키를 받지 못했습니다"),
        WaitReason.UNREACHABLE: _("KIS에 연결할 수 없습니다"),
        WaitReason.SLOT_HELD: _("다른 접속이 앱키를 쓰고 있습니다"),
        WaitReason.REFUSED: _("KIS가 접속을 거절했습니다"),
        WaitReason.SILENT: _("KIS가 응답하지 않습니다"),
        WaitReason.CLOSED: _("연결이 끊겼습니다"),
        WaitReason.FAILED: _("내부 오류로 다시 연결합니다"),
        WaitReason.NO_RIGHT: _("다른 프로세스가 이어받았습니다"),
    }[reason]


def _time(at: datetime) -> str:
    return at.astimezone(KST).strftime("%H:%M:%S")
