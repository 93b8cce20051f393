"""Calls of a GMT day under one `com_id`, over all firms (Koscom "rate limiting": the count resets at 09:00 KST)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import ApiQuota, Firm, Slot

# An evening and the morning after share one day's calls: the evening leaves a fifth.
EVENING_SHARE = (4, 5)


class QuotaSpent(Exception):
    """No call is left for now; the text says why."""


def spend(firm: Firm, slot: str, at: datetime) -> None:
    """Count one call before it is made. Raises QuotaSpent when there is none left, or the platform has said 429."""
    day = gmt_day(at)
    limit = limit_of(firm, slot)
    if _count(firm.com_id, day, limit):
        return
    quota = ApiQuota.objects.get_or_create(com_id=firm.com_id, gmt_day=day)[0]
    if quota.exhausted:
        raise QuotaSpent(exhausted_text())
    if not _count(firm.com_id, day, limit):
        made = {"limit": limit, "calls": quota.calls}
        raise QuotaSpent(_("09:00(KST)까지 쓸 수 있는 %(limit)s건 중 %(calls)s건을 호출했습니다.") % made)


def exhaust(firm: Firm, at: datetime) -> None:
    """The platform said 429: no firm of this `com_id` is asked until the day ends."""
    ApiQuota.objects.update_or_create(com_id=firm.com_id, gmt_day=gmt_day(at), defaults={"exhausted": True})


def exhausted_text() -> str:
    return _("429: 09:00(KST)까지 호출 한도가 끝났습니다.")


def limit_of(firm: Firm, slot: str) -> int:
    part, whole = (1, 1) if slot == Slot.CONFIRM else EVENING_SHARE
    return firm.daily_calls * part // whole


def gmt_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _count(com_id: str, day: date, limit: int) -> bool:
    left = ApiQuota.objects.filter(com_id=com_id, gmt_day=day, exhausted=False, calls__lt=limit)
    return bool(left.update(calls=F("calls") + 1))
