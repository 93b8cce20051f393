"""Releasing a switch: one person asks, another confirms within ten minutes."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import broadcast as stream
from accounts import clock
from accounts.models import User
from orders import switches
from orders.commands import Conflict, NotPermitted
from orders.models import Switch
from orders.models.switches import RELEASE_REQUEST_LASTS
from orders.switching.person import Person, audited, check_person, check_reason, fresh, news_of


def ask_release(person: Person, switch: Switch, reason: str) -> Switch:
    """Ask for the release; another person confirms it within ten minutes. Raises NotPermitted, Refused or Conflict."""
    check_person(person)
    if not switches.may_ask_release(person.user, switch):
        raise NotPermitted("role", _("이 스위치의 해제를 요청할 권한이 없습니다."))
    check_reason(reason)
    now = clock.now()
    free = Switch.objects.filter(pk=switch.pk, released_at=None).exclude(
        release_asked_at__gt=now - RELEASE_REQUEST_LASTS
    )
    with transaction.atomic():
        asked = free.update(
            release_asked_by=person.user, release_asked_at=now, release_reason=reason, version=F("version") + 1
        )
        if not asked:
            raise Conflict("release_pending", _("이미 해제되었거나 다른 해제 요청이 확인을 기다리고 있습니다."))
        now_asked = fresh(switch)
        audited(person, "switch.release_asked", now_asked, reason, {"kind": now_asked.kind, "scope": now_asked.scope})
        stream.record(news_of(now_asked))
    return now_asked


def release(person: Person, switch: Switch) -> Switch:
    """Confirm another person's request for release. Raises NotPermitted or Conflict.

    Both must have the right at this moment: a request of somebody who has lost it releases nothing.
    """
    check_person(person)
    if not switches.may_release(person.user, switch):
        raise NotPermitted("role", _("이 스위치의 해제를 승인할 권한이 없습니다."))
    now = clock.now()
    with transaction.atomic():
        switch = fresh(switch)
        _check_request(person.user, switch)
        standing = Switch.objects.filter(
            pk=switch.pk,
            released_at=None,
            release_asked_by=switch.release_asked_by,
            release_asked_at=switch.release_asked_at,
            release_asked_at__gt=now - RELEASE_REQUEST_LASTS,
        )
        if not standing.update(released_by=person.user, released_at=now, version=F("version") + 1):
            raise Conflict("release_lapsed", _("해제 요청이 없거나 10분이 지났습니다. 다시 요청해야 합니다."))
        released = fresh(switch)
        detail = {"kind": released.kind, "scope": released.scope, "asked_by": released.release_asked_by_id}
        audited(person, "switch.released", released, released.release_reason, detail)
        stream.record(news_of(released))
    return released


def _check_request(user: User, switch: Switch) -> None:
    asker = switch.release_asked_by
    if not switch.is_engaged or asker is None:
        raise Conflict("release_lapsed", _("해제 요청이 없거나 10분이 지났습니다. 다시 요청해야 합니다."))
    if asker == user:
        raise NotPermitted("second_person", _("해제를 요청한 사람이 아닌 다른 사람이 승인해야 합니다."))
    if not switches.may_ask_release(asker, switch):
        raise Conflict("asker_lost_right", _("해제를 요청한 사람에게 지금은 권한이 없습니다. 다시 요청해야 합니다."))
