"""Who works a switch, and what every step of one leaves: an audit row and news for the browsers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts import broadcast as stream
from accounts.models import ClientAccount, Role, User
from orders import switches
from orders.commands import NotPermitted, Refused
from orders.models import Switch
from orders.switch_rows import PEOPLE, switch_row

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, from where, and whether the second factor is fresh."""

    user: User
    address: str | None
    fresh_factor: bool

    @property
    def by(self) -> audit.By:
        return audit.By(self.user, self.user.get_username(), self.address)


def check_person(person: Person) -> None:
    """Raises NotPermitted."""
    if not person.fresh_factor:
        raise NotPermitted("second_factor_needed", _("2차 인증을 다시 해야 합니다."))


def check_reason(reason: str) -> None:
    """Raises Refused."""
    if not reason.strip():
        raise Refused("reason", _("사유를 적어야 합니다."))
    if any(unicodedata.category(character).startswith("C") for character in reason):  # shown on everybody's banner
        raise Refused("reason", _("사유에 쓸 수 없는 문자가 있습니다."))
    if len(reason) > LONGEST_REASON:
        raise Refused("reason", _("사유는 %(n)s자까지입니다.") % {"n": LONGEST_REASON})


def fresh(switch: Switch) -> Switch:
    """The switch as it stands now, with everybody whom it names."""
    return Switch.objects.select_related(*PEOPLE).get(pk=switch.pk)


def audited(person: Person, action: str, switch: Switch, reason: str, detail: Mapping[str, object]) -> None:
    """The audit row of one step, in the caller's transaction."""
    act = audit.Act(
        action, account=switch.account, subject=f"switch {switch.pk}", reason=reason[:200], detail=dict(detail)
    )
    audit.record(person.by, act)


def news_of(switch: Switch) -> list[stream.Change]:
    """The switch for everybody whom it touches; whoever may not see its account hears of it without."""
    people = switches.audience(switch)
    if switch.account is None:
        return [_change(switch, None, people)]
    others = [user for user in people if user.role == Role.ADMINISTRATOR]
    return [_change(switch, switch.account, []), _change(switch, None, others)]


def _change(switch: Switch, account: ClientAccount | None, people: Sequence[User]) -> stream.Change:
    now = clock.now()
    return stream.Change(
        account=account,
        entity="switch",
        entity_id=str(switch.pk),
        version=switch.version,
        row_for=lambda user: switch_row(switch, user, now),
        audience=people,
    )
