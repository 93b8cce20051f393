"""Which slot an instant belongs to, and for which trading day its data stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.clock import KST
from accounts.domain.business_days import CLOSE_OF_BUSINESS, TradingCalendar
from accounts.models import ScheduleEntry, Slot
from accounts.sync.request import SyncRequest

CALENDAR = TradingCalendar()
DEFAULT_STARTS = {Slot.EVENING: time(20, 30), Slot.CONFIRM: time(6, 30)}


@dataclass(frozen=True, slots=True)
class Moment:
    """A slot of one calendar day, and the trading day that a fetch in it stands for."""

    slot: Slot
    calendar_date: date
    business_date: date


def moment_of(now: datetime, request: SyncRequest) -> Moment:
    """The slot that a request works for. `now` is the business clock."""
    if request.simulated_at is not None:
        return _moment(Slot.HISTORY, request.simulated_at.astimezone(KST).date(), request.simulated_at)
    if request.since is not None:
        return _moment(Slot.MANUAL, now.astimezone(KST).date(), now)
    return present(now)


def present(now: datetime) -> Moment:
    """EVENING from 16:00 until CONFIRM begins the next morning, under the date of the evening; then CONFIRM."""
    local = now.astimezone(KST)
    if local.time() >= CLOSE_OF_BUSINESS:
        return _moment(Slot.EVENING, local.date(), now)
    if local.time() < starts()[Slot.CONFIRM]:
        return _moment(Slot.EVENING, local.date() - timedelta(days=1), now)
    return _moment(Slot.CONFIRM, local.date(), now)


def starts() -> dict[Slot, time]:
    """When each scheduled slot starts (KST): the table's word, else the usual times."""
    rows = {Slot(entry.slot): entry.starts_at for entry in ScheduleEntry.objects.all()}
    return DEFAULT_STARTS | rows


def start_of(moment: Moment) -> datetime | None:
    """The instant at which the schedule starts this slot; None for a slot that it does not start."""
    at = starts().get(moment.slot)
    return datetime.combine(moment.calendar_date, at, KST) if at else None


def _moment(slot: Slot, day: date, at: datetime) -> Moment:
    return Moment(slot, day, CALENDAR.business_date(at))
