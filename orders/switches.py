"""Which switches hold an order back, which orders a scope covers, and who may engage or release what.

A kill switch stops modifies and never a cancel; sending off stops every send. This module only answers: what engages
and releases is `orders.switching`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import access, clock
from accounts.clock import KST
from accounts.models import Assignment, ClientAccount, Role, User
from orders.domain.sessions import Action
from orders.models import MarketGroup, Order, Switch, SwitchKind, SwitchLevel, SwitchScope
from orders.models.switches import group_of

_FENCE = 0x6B696C6C  # the key of one lock that every claim shares, and an engaging waits for
_ATTACHED = "engaged_switches"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a switch holds an action back: a stable key, the sentence that the button shows, and the switch."""

    key: str
    text: str
    switch_id: int


@dataclass(frozen=True, slots=True)
class Target:
    """Whose orders a switch is for. What the scope does not name is None or empty."""

    scope: SwitchScope
    manager_id: int | None = None
    account_id: int | None = None
    market: str = ""

    @classmethod
    def of(cls, switch: Switch) -> Target:
        return cls(SwitchScope(switch.scope), switch.manager_id, switch.account_id, switch.market)

    @property
    def key(self) -> str:
        """The target as addresses and digests name it; empty for all."""
        return self.market or str(self.manager_id or self.account_id or "")


@dataclass(frozen=True, slots=True)
class Engaged:
    """The switches engaged at one moment, with the accounts that those for a manager cover."""

    switches: tuple[Switch, ...]
    accounts_of: Mapping[int, frozenset[int]]

    def holding(self, order: Order, kind: SwitchKind) -> Switch | None:
        """The oldest switch of a kind that covers the order."""
        return next((item for item in self.switches if item.kind == kind and self._covers(item, order)), None)

    def _covers(self, switch: Switch, order: Order) -> bool:
        match SwitchScope(switch.scope):
            case SwitchScope.ALL:
                return True
            case SwitchScope.MANAGER:
                return order.account_id in self.accounts_of.get(switch.manager_id or 0, frozenset())
            case SwitchScope.ACCOUNT:
                return order.account_id == switch.account_id
            case SwitchScope.MARKET:
                return group_of(order.market) == switch.market


def engaged_now() -> Engaged:
    """What is engaged: one query, and a second one where a switch is for a manager."""
    found = tuple(Switch.objects.engaged().select_related("engaged_by").order_by("engaged_at", "pk"))
    managers = {switch.manager_id for switch in found if switch.manager_id is not None}
    accounts: dict[int, set[int]] = {}
    if managers:
        today = access.in_force(clock.today().date())
        rows = Assignment.objects.filter(today, user_id__in=managers).values_list("user_id", "account_id")
        for user_id, account_id in rows:
            accounts.setdefault(user_id, set()).add(account_id)
    return Engaged(found, {user: frozenset(ids) for user, ids in accounts.items()})


def attach(orders: Iterable[Order]) -> list[Order]:
    """The orders with what is engaged at this moment at hand, so that a list of them asks once and not once a row."""
    rows = list(orders)
    engaged = engaged_now() if rows else None
    for order in rows:
        vars(order)[_ATTACHED] = engaged
    return rows


def stop_for(order: Order, action: Action) -> Stop | None:
    """The kill switch that holds this action back. Never one for a cancel."""
    if action is not Action.MODIFY:
        return None
    switch = _engaged(order).holding(order, SwitchKind.KILL)
    if switch is None:
        return None
    return _stop(switch, _("킬 스위치 가동 중이라 정정할 수 없습니다 (%(who)s, %(at)s)."))


def sending_is_off(order: Order) -> Stop | None:
    """The switch that stops every send for this order."""
    switch = _engaged(order).holding(order, SwitchKind.SENDING_OFF)
    return None if switch is None else _stop(switch, _("주문 전송이 중지되어 있습니다 (%(who)s, %(at)s)."))


def stop_of_claim(order: Order, action: Action) -> Stop | None:
    """What holds the send back, asked inside the transaction that claims it, whatever was attached before.

    Together with `wait_for_claims` no send is claimed after an engaging has returned.
    """
    _fence("pg_advisory_xact_lock_shared")
    vars(order).pop(_ATTACHED, None)
    return sending_is_off(order) or stop_for(order, action)


def wait_for_claims() -> None:
    """Return once every claim that may not have seen a switch has ended: after the commit of its engaging.

    It holds nothing else while it waits. On SQLite writers are alone, so that nothing is left to wait for.
    """
    with transaction.atomic():
        _fence("pg_advisory_xact_lock")


def _fence(lock: str) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a claim belongs to a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {lock}(%s)", [_FENCE])


def open_orders(target: Target) -> QuerySet[Order]:
    """The open orders that a switch for this target covers, oldest first.

    Also those of which nobody knows yet how much was ordered: what is left of them has no figure, and is not nothing.
    """
    left = Q(leaves_qty__gt=0) | Q(quantity_known=False)
    found: QuerySet[Order] = Order.objects.shown().open().filter(left)
    match target.scope:
        case SwitchScope.ALL:
            covered = Q()
        case SwitchScope.MANAGER:
            today = access.in_force(clock.today().date())
            assigned = Assignment.objects.filter(today, user_id=target.manager_id or 0)
            covered = Q(account__in=assigned.values("account_id"))
        case SwitchScope.ACCOUNT:
            covered = Q(account_id=target.account_id)
        case SwitchScope.MARKET:
            covered = Q(market__in=MarketGroup(target.market).markets)
    return found.filter(covered).order_by("ordered_at", "pk")


def may_engage(user: access.Viewer, kind: SwitchKind, target: Target) -> bool:
    """Operations for every scope; a manager for oneself and for the accounts assigned now; for sending off of all or of
    a market, which shows no client data, an administrator too.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.role == Role.OPERATIONS:
        return True
    if user.role == Role.ADMINISTRATOR:
        return kind == SwitchKind.SENDING_OFF and target.scope in {SwitchScope.ALL, SwitchScope.MARKET}
    if user.role != Role.MANAGER:
        return False
    if target.scope == SwitchScope.ACCOUNT:
        return access.visible_accounts(user).filter(Q(pk=target.account_id)).exists()
    return target.scope == SwitchScope.MANAGER and target.manager_id == user.pk


def may_ask_release(user: access.Viewer, switch: Switch) -> bool:
    """Whoever may engage it; but what was engaged from above is not for the managers that it holds back."""
    if not may_engage(user, SwitchKind(switch.kind), Target.of(switch)):
        return False
    return isinstance(user, User) and (user.role != Role.MANAGER or switch.level == SwitchLevel.MANAGER)


def level_of(user: User) -> SwitchLevel:
    """From how high this person engages now; it stays on the switch, whatever becomes of the person's role."""
    return SwitchLevel.MANAGER if user.role == Role.MANAGER else SwitchLevel.DESK


def may_release(user: access.Viewer, switch: Switch) -> bool:
    """Whoever may ask for it, and compliance or an administrator: the second person needs to send no orders."""
    if isinstance(user, User) and user.is_active and user.role in {Role.COMPLIANCE, Role.ADMINISTRATOR}:
        return True
    return may_ask_release(user, switch)


def visible(user: access.Viewer) -> QuerySet[Switch]:
    """The switches that this person is told of: those for all or a market, and those that touch accounts they see."""
    if not isinstance(user, User) or not user.is_active:
        return Switch.objects.none()
    if user.sees_everything or user.role == Role.ADMINISTRATOR:
        return Switch.objects.all()
    mine = access.visible_accounts(user)
    colleagues = Assignment.objects.filter(access.in_force(clock.today().date()), account__in=mine).values("user_id")
    everybodys = Q(scope__in=(SwitchScope.ALL, SwitchScope.MARKET))
    return Switch.objects.filter(everybodys | Q(account__in=mine) | Q(manager=user) | Q(manager__in=colleagues))


def audience(switch: Switch) -> list[User]:
    """Everybody that `visible` shows the switch to, in id order."""
    people = User.objects.filter(is_active=True)
    if switch.scope in {SwitchScope.MANAGER, SwitchScope.ACCOUNT}:
        above = Q(role__in=(Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR))
        people = people.filter(above | Q(pk=switch.manager_id) | Q(pk__in=_concerned(switch)))
    return list(people.order_by("pk"))


def label(switch: Switch, user: access.Viewer) -> str:
    """The scope in words. An account is named to those alone who may see it."""
    match SwitchScope(switch.scope):
        case SwitchScope.ALL:
            return _("전체 주문")
        case SwitchScope.MANAGER:
            return _("운용역 %(name)s") % {"name": switch.manager.get_username() if switch.manager else ""}
        case SwitchScope.MARKET:
            return str(MarketGroup(switch.market).label)
        case SwitchScope.ACCOUNT:
            seen = access.visible_accounts(user).filter(Q(pk=switch.account_id)).first()
            return account_label(seen) if seen is not None else _("계좌 1개")


def account_choices(user: User) -> QuerySet[ClientAccount]:
    """The accounts traded through an app key that this person may engage a switch for."""
    if user.role not in {Role.MANAGER, Role.OPERATIONS}:
        return ClientAccount.objects.none()
    return access.visible_accounts(user).filter(kis__isnull=False).order_by("pk")


def account_label(account: ClientAccount) -> str:
    """An account as a choice names it: its alias and its masked number."""
    return " · ".join(part for part in (account.alias, account.masked_number) if part)


def _concerned(switch: Switch) -> QuerySet[Assignment, int]:
    """The people assigned today to an account that the switch touches."""
    today = Assignment.objects.filter(access.in_force(clock.today().date()))
    touched = Q(account=switch.account_id)
    if switch.scope == SwitchScope.MANAGER:
        touched = Q(account__in=today.filter(user=switch.manager_id).values("account_id"))
    return today.filter(touched).values_list("user_id", flat=True)


def _engaged(order: Order) -> Engaged:
    attached: Engaged | None = vars(order).get(_ATTACHED)
    return engaged_now() if attached is None else attached


def _stop(switch: Switch, sentence: str) -> Stop:
    at = switch.engaged_at.astimezone(KST)
    text = sentence % {"who": switch.engaged_by.get_username(), "at": f"{at:%m-%d %H:%M}"}
    return Stop(switch.kind, text, switch.pk)
