"""The closed hours as the sync keeps them: the days that widen them, and the guard that every request passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from accounts.domain.sync_window import ClockJump, Closure, SyncWindow
from accounts.koscom.errors import WindowClosedError
from accounts.sync.request import Ports, SyncRequest, SyncWindowClosed

# 대학수학능력시험: KRX closes at 16:30 on these days, so the evening's data begin half an hour later.
_EXAM_DAYS = (date(2025, 11, 13), date(2026, 11, 19), date(2027, 11, 18))
WINDOW = SyncWindow({day: (Closure(time(16, 0), time(16, 30)),) for day in _EXAM_DAYS})


@dataclass(frozen=True, slots=True)
class WindowState:
    """What a page says of the window: open, or why not and from when; `closes_at` is the next end."""

    open: bool
    reason: str
    opens_at: datetime
    closes_at: datetime


def window_state(now: datetime, *, scheduled: bool = False) -> WindowState:
    reason = WINDOW.why_closed(now, scheduled=scheduled)
    return WindowState(reason is None, reason or "", WINDOW.opens_at(now), WINDOW.closes_at(now, scheduled=scheduled))


def refuse_closed(now: datetime, request: SyncRequest) -> None:
    """Raise SyncWindowClosed when nothing may be planned at `now`."""
    reason = WINDOW.why_closed(now, scheduled=request.scheduled)
    if reason is not None:
        raise SyncWindowClosed(reason, WINDOW.opens_at(now))
    if request.simulated_at is not None and not WINDOW.is_open(request.simulated_at):
        raise SyncWindowClosed("simulated", WINDOW.opens_at(request.simulated_at))


class Guard:
    """Gives the time that a request may still be in flight; a closed window or a clock that was set is a "no"."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._jump = ClockJump(ports.now(), ports.monotonic())

    def __call__(self) -> timedelta:
        now = self._ports.now()
        if self._jump.check(now, self._ports.monotonic()):
            raise WindowClosedError(_("동기화 중에 시계가 바뀌었습니다."))
        left = WINDOW.time_left(now)
        if not left:
            raise WindowClosedError(_("조회할 수 없는 시간이 되었습니다."))
        return left
