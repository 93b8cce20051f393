"""Engaging a switch over a list that was confirmed, and canceling what it still covers later."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import access, clock
from accounts import broadcast as stream
from accounts.models import ClientAccount, Role, User
from orders import batches, cancel_lists, switches
from orders.cancel_lists import EMPTY, CancelList
from orders.commands import CommandError, Conflict, NotPermitted, NotVisible, Refused
from orders.models import CommandBatch, MarketGroup, Switch, SwitchKind, SwitchScope
from orders.switches import Target
from orders.switching.person import Person, audited, check_person, check_reason, news_of


class ListChanged(CommandError):
    """A conflict: the orders are no longer those of the list that was confirmed; `found` is the list as it is now."""

    def __init__(self, found: CancelList) -> None:
        super().__init__("list_changed", _("그 사이 미체결 주문이 바뀌었습니다. 목록을 다시 확인하십시오."))
        self.found = found


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the person confirmed: the list by its digest, and the words that were typed.

    With the numbers of its orders the list is good as long as some of it stands: what was filled meanwhile needs no
    cancel, and what came meanwhile is not canceled but listed as the rest. Without them it has to be the same list.
    """

    intent: UUID
    digest: str
    typed: str
    orders: frozenset[int] | None = None

    @property
    def parameters_hash(self) -> str:
        return hashlib.sha256(f"{self.digest} {_plain(self.typed)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an engaging is for."""

    kind: SwitchKind
    target: Target
    reason: str


def preview(user: User, kind: SwitchKind, target: Target) -> CancelList:
    """The orders that a kill switch for this target would cancel now; sending off cancels none.

    Raises NotPermitted or NotVisible.
    """
    _check_right(user, kind, target)
    return _list(kind, target)


def confirmation(kind: SwitchKind, count: int) -> str:
    """What has to be typed: a word, and for a kill switch the number of orders on the list."""
    return _("전량취소 %(n)s") % {"n": count} if kind == SwitchKind.KILL else _("전송중지")


def target_of(scope: str, key: str) -> Target:
    """The target that a scope and its key name. Raises Refused."""
    if scope == SwitchScope.ALL:
        return Target(SwitchScope.ALL)
    if scope == SwitchScope.MARKET and key in MarketGroup.values:
        return Target(SwitchScope.MARKET, market=key)
    if scope in {SwitchScope.MANAGER, SwitchScope.ACCOUNT} and key.isascii() and key.isdigit() and len(key) < 19:
        if scope == SwitchScope.MANAGER:
            return Target(SwitchScope.MANAGER, manager_id=int(key))
        return Target(SwitchScope.ACCOUNT, account_id=int(key))
    raise Refused("target", _("대상을 골라야 합니다."))


def engage(
    person: Person, kind: SwitchKind, target: Target, reason: str, confirmed: Confirmed
) -> tuple[Switch, CommandBatch | None]:
    """Engage the switch; a kill switch's cancels are recorded with it and start once both are committed.

    The same intent gives the same switch. Once it returns, no send that the switch stops is begun any more. Raises
    NotPermitted, NotVisible, Refused, ListChanged or Conflict; then nothing was recorded.
    """
    check_person(person)
    _check_right(person.user, kind, target)
    asked = _Asked(kind, target, reason.strip())
    known = _same_intent(person.user, asked, confirmed)
    if known is not None:
        return known
    check_reason(reason)
    try:
        with transaction.atomic():
            found = _confirmed_list(kind, target, confirmed)
            switch = _engaged(person, kind, target, reason, confirmed.intent)
            detail = {"kind": kind.value, "scope": target.scope.value, "target": target.key, "orders": found.count}
            audited(person, "switch.engaged", switch, reason, detail)
            batch = _batch(switch, found, person, confirmed)
            # At once and last: the heads of all who are told are locked in one order, after the rows of the orders.
            stream.record([*news_of(switch), *([batches.news_of(batch)] if batch is not None else [])])
    except IntegrityError:
        known = _same_intent(person.user, asked, confirmed)
        if known is not None:
            return known
        if not _is_engaged(person.user, kind, target):
            raise
        raise Conflict("already_engaged", _("이미 가동 중인 스위치입니다.")) from None
    switches.wait_for_claims()
    return switch, batch


def rest(user: User, switch: Switch) -> CancelList:
    """The orders that an engaged kill switch covers and that are still open: left over, or new since."""
    _check_right(user, SwitchKind(switch.kind), Target.of(switch))
    return _list(SwitchKind(switch.kind), Target.of(switch)) if switch.is_engaged else EMPTY


def cancel_rest(person: Person, switch: Switch, confirmed: Confirmed) -> CommandBatch:
    """Cancel what an engaged kill switch still covers: a new batch, confirmed anew. The same intent gives the same.

    Raises NotPermitted, NotVisible, Refused, ListChanged or Conflict.
    """
    check_person(person)
    _check_right(person.user, SwitchKind(switch.kind), Target.of(switch))
    known = _same_rest(person.user, switch, confirmed)
    if known is not None:
        return known
    try:
        return _cancel_rest(person, switch, confirmed)
    except IntegrityError:
        known = _same_rest(person.user, switch, confirmed)
        if known is None:
            raise
        return known


def _cancel_rest(person: Person, switch: Switch, confirmed: Confirmed) -> CommandBatch:
    with transaction.atomic():
        if switch.kind != SwitchKind.KILL or not Switch.objects.engaged().filter(pk=switch.pk).exists():
            raise Conflict("not_engaged", _("가동 중인 킬 스위치가 아닙니다."))
        found = _confirmed_list(SwitchKind.KILL, Target.of(switch), confirmed)
        batch = _batch(switch, found, person, confirmed)
        if batch is None:
            raise Refused("orders", _("취소할 미체결 주문이 없습니다."))
        stream.record([batches.news_of(batch)])
    return batch


def _check_right(user: User, kind: SwitchKind, target: Target) -> None:
    """A target that is not this person's is not there; a scope that the role does not have is refused."""
    if not switches.may_engage(user, kind, target):
        named = target.scope in {SwitchScope.MANAGER, SwitchScope.ACCOUNT}
        if user.role == Role.MANAGER and named:
            raise NotVisible("not_found", _("찾을 수 없습니다."))
        raise NotPermitted("role", _("이 범위의 스위치를 가동할 권한이 없습니다."))
    if not _exists(user, target):
        raise NotVisible("not_found", _("찾을 수 없습니다."))


def _exists(user: User, target: Target) -> bool:
    match target.scope:
        case SwitchScope.ACCOUNT:
            accounts: bool = access.visible_accounts(user).filter(pk=target.account_id or 0).exists()
            return accounts
        case SwitchScope.MANAGER:
            return User.objects.filter(pk=target.manager_id or 0, role=Role.MANAGER).exists()
        case _:
            return True


def _list(kind: SwitchKind, target: Target, only: frozenset[int] | None = None) -> CancelList:
    if kind != SwitchKind.KILL:
        return EMPTY
    found = switches.open_orders(target)
    return cancel_lists.read(found if only is None else found.filter(pk__in=only), clock.now())


def _confirmed_list(kind: SwitchKind, target: Target, confirmed: Confirmed) -> CancelList:
    """What still stands of the list that was shown. Raises ListChanged or Refused."""
    shown = confirmed.orders
    if shown is not None and cancel_lists.digest_of(shown) != confirmed.digest:
        raise ListChanged(_list(kind, target))
    found = _list(kind, target, shown)
    if shown is None and found.digest != confirmed.digest:
        raise ListChanged(found)
    count = found.count if shown is None else len(shown)
    if _plain(confirmed.typed) != _plain(confirmation(kind, count)):
        raise Refused("confirmation", _("표시된 문구를 그대로 입력해야 합니다."))
    return found


def _plain(text: str) -> str:
    """Input methods differ in how they compose Korean and in the spaces they leave."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _engaged(person: Person, kind: SwitchKind, target: Target, reason: str, intent: UUID) -> Switch:
    account = None if target.account_id is None else ClientAccount.objects.get(pk=target.account_id)
    return Switch.objects.create(
        kind=kind,
        scope=target.scope,
        manager_id=target.manager_id,
        account=account,
        market=target.market,
        level=switches.level_of(person.user),
        reason=reason.strip(),
        intent=intent,
        engaged_by=person.user,
        engaged_at=clock.now(),
    )


def _same_intent(user: User, asked: _Asked, confirmed: Confirmed) -> tuple[Switch, CommandBatch | None] | None:
    """What this key has engaged before, once no send that it stops is begun any more. Raises Conflict."""
    known = Switch.objects.filter(engaged_by=user, intent=confirmed.intent).first()
    batch = CommandBatch.objects.filter(actor=user, intent=confirmed.intent).first()
    if known is None:
        if batch is not None:
            raise _key_reused()
        return None
    alike = batch is None or batch.parameters_hash == confirmed.parameters_hash
    if _Asked(SwitchKind(known.kind), Target.of(known), known.reason) != asked or not alike:
        raise _key_reused()
    switches.wait_for_claims()
    return known, batch


def _same_rest(user: User, switch: Switch, confirmed: Confirmed) -> CommandBatch | None:
    """The batch that this key has started for the rest of this switch and this list. Raises Conflict."""
    known = CommandBatch.objects.filter(actor=user, intent=confirmed.intent).first()
    if known is None:
        return None
    of_engaging = switch.engaged_by_id == user.pk and switch.intent == confirmed.intent
    if known.switch_id != switch.pk or of_engaging or known.parameters_hash != confirmed.parameters_hash:
        raise _key_reused()
    return known


def _key_reused() -> Conflict:
    return Conflict("key_reused", _("같은 Idempotency-Key가 다른 내용으로 이미 쓰였습니다."))


def _is_engaged(user: User, kind: SwitchKind, target: Target) -> bool:
    alike = Switch.objects.engaged().filter(kind=kind, level=switches.level_of(user))
    return any(Target.of(each) == target for each in alike)


def _batch(switch: Switch, found: CancelList, person: Person, confirmed: Confirmed) -> CommandBatch | None:
    """Every order of the list becomes a row, also where a cancel is not possible now: its outcome says so."""
    if not found.count:
        return None
    key = batches.Key(confirmed.intent, confirmed.parameters_hash)
    return batches.of_kill(switch, [line.order for line in found.lines], person.user, key, person.address)
