"""Whose account is this: the one answer, for pages, API, sockets and commands alike.

A person sees the accounts assigned to them today (Korean date); operations and compliance see all; an administrator
sees no client data. What is not visible is answered as if it did not exist.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import clock
from accounts.models import Assignment, ClientAccount, Role, StreamHead, User

Viewer = User | AnonymousUser


def visible_accounts(user: Viewer) -> QuerySet[ClientAccount]:
    """The accounts whose data this person may read now."""
    if not isinstance(user, User) or not user.is_active or user.role == Role.ADMINISTRATOR:
        return ClientAccount.objects.none()
    if user.sees_everything:
        return ClientAccount.objects.all()
    return ClientAccount.objects.filter(id__in=assigned_ids(user, clock.today().date()))


def assigned_ids(user: User, day: date) -> QuerySet[Assignment, int]:
    return Assignment.objects.filter(in_force(day), user=user).values_list("account_id", flat=True)


def in_force(day: date) -> Q:
    """Assignments whose days include this one."""
    return Q(valid_from__lte=day) & (Q(valid_to=None) | Q(valid_to__gte=day))


def may_trade(user: Viewer, account: ClientAccount) -> bool:
    """Whether this person may cancel or modify orders of the account now: a manager it is assigned to."""
    return isinstance(user, User) and user.may_trade and visible_accounts(user).filter(pk=account.pk).exists()


def viewers(account: ClientAccount) -> list[User]:
    """Everybody who may read this account now, in id order."""
    assigned = Assignment.objects.filter(in_force(clock.today().date()), account=account).values("user_id")
    everywhere = Q(role__in=(Role.OPERATIONS, Role.COMPLIANCE))
    assigned_to = Q(pk__in=assigned) & ~Q(role=Role.ADMINISTRATOR)
    return list(User.objects.filter(everywhere | assigned_to, is_active=True).order_by("pk"))


def viewers_of_any(account_ids: Iterable[int]) -> list[tuple[User, int]]:
    """Everybody who may read at least one of the accounts now, in id order, each with one that they may read."""
    ids = sorted(account_ids)
    assigned = Assignment.objects.filter(in_force(clock.today().date()), account_id__in=ids).order_by("-account_id")
    mine = dict(assigned.values_list("user_id", "account_id"))
    everywhere = Q(role__in=(Role.OPERATIONS, Role.COMPLIANCE))
    people = User.objects.filter(everywhere | Q(pk__in=mine) & ~Q(role=Role.ADMINISTRATOR), is_active=True)
    return [(user, mine.get(user.pk, ids[0])) for user in people.order_by("pk")] if ids else []


def managers_of(account_ids: list[int]) -> dict[int, list[str]]:
    """The user names assigned to each account today."""
    names: dict[int, list[str]] = {}
    rows = Assignment.objects.filter(in_force(clock.today().date()), account_id__in=account_ids)
    for account_id, username in rows.order_by("user__username").values_list("account_id", "user__username"):
        names.setdefault(account_id, []).append(username)
    return names


def assign(user: User, account: ClientAccount, since: date) -> bool:
    """Assign from a day on; nothing happens where an assignment is in force. True when something changed."""
    if Assignment.objects.filter(in_force(since), user=user, account=account).exists():
        return False
    with transaction.atomic():
        Assignment.objects.create(user=user, account=account, valid_from=since)
        rights_changed(user.pk)
    return True


def rights_changed(user_id: int) -> None:
    """Close this person's open sockets, and make their browsers read everything anew: the old stream is void."""
    User.objects.filter(pk=user_id).update(access_version=F("access_version") + 1)
    StreamHead.objects.filter(pk=user_id).update(epoch=uuid.uuid4())
