"""Quarantined notices in the admin: seen by those who may, read again by operations, and all of it on the trail."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import access
from accounts.models import AuditEvent, ClientAccount, Role
from orders import executions
from orders.admin.ledgers import masked
from orders.executions import Journal
from orders.kis.frames import parse
from orders.kis.protocol import NoticeReceived
from orders.models import Fill, KisAccount, Notice, NoticeState, Order
from tests.accounts.admin_pages import page, staff
from tests.orders.conftest import NIGHT, Desk, filled, overseas

pytestmark = pytest.mark.django_db


def again(role: Role, *notices: Notice, factor_age: float = 5.0) -> Any:
    chosen = {"action": "read_again", "_selected_action": [str(notice.pk) for notice in notices]}
    return staff(role, factor_age).post(page("changelist", Notice), chosen)


@pytest.fixture
def stray(desk: Desk) -> Notice:
    """A fill of an account that was not connected when it came, and is now."""
    desk.notice("H0GSCNI0", overseas())
    notice = desk.notice("H0GSCNI0", filled(4, ODER_NO="77", ACNT_NO="87654321"))
    account = ClientAccount.objects.create(firm=desk.stock.firm, number="87654321-01", contract_status="active")
    KisAccount.objects.create(connection=desk.connection, account=account, product="01")
    access.assign(desk.manager, account, desk.stock.assignments.first().valid_from)  # type: ignore[union-attr]
    return notice


def test_operations_read_a_quarantined_notice_again_and_it_is_applied(desk: Desk, stray: Notice) -> None:
    assert stray.state == NoticeState.QUARANTINED
    desk.epoch += 1
    assert again(Role.OPERATIONS, stray).status_code == 302
    stray.refresh_from_db()
    assert (stray.state, stray.reason) == (NoticeState.APPLIED, "")
    assert stray.order is not None
    assert (stray.order.cum_qty, stray.order.account.number) == (4, "87654321-01")
    row = AuditEvent.objects.get(action="notice.read_again")
    assert (row.subject, row.account) == (f"notice {stray.pk}", stray.order.account)


def test_what_was_applied_stays_as_it_is(desk: Desk, stray: Notice) -> None:
    for _ in range(2):
        again(Role.OPERATIONS, *Notice.objects.all())
    assert Fill.objects.count() == 1
    assert Order.objects.count() == 2
    assert AuditEvent.objects.filter(action="notice.read_again").count() == 1


def test_what_still_cannot_be_read_keeps_its_row_and_says_why(desk: Desk) -> None:
    bad = desk.receive(b"not a frame")[0]
    again(Role.OPERATIONS, bad)
    bad.refresh_from_db()
    assert bad.state == NoticeState.QUARANTINED
    assert "neither a data frame nor JSON" in bad.reason
    assert Notice.objects.count() == 1


def test_a_frame_that_could_not_be_split_gives_all_its_records(desk: Desk) -> None:
    raw = desk.raw("H0GSCNI0", overseas(), filled(4))
    received = NoticeReceived(raw, parse(raw), desk.cipher)  # type: ignore[arg-type]  # a data frame
    frame = executions.keep(Journal(desk.connection.pk, desk.epoch), 1, received, NIGHT)
    whole = Notice.objects.create(frame=frame, state=NoticeState.QUARANTINED, reason="of a width that nobody knew")
    again(Role.OPERATIONS, whole)
    assert sorted(Notice.objects.values_list("position", "state")) == [(0, "applied"), (1, "applied")]
    assert Order.objects.get().cum_qty == 4


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.MANAGER, Role.ADMINISTRATOR])
def test_nobody_else_reads_again(desk: Desk, stray: Notice, role: Role) -> None:
    again(role, stray)
    stray.refresh_from_db()
    assert stray.state == NoticeState.QUARANTINED


def test_an_old_second_factor_is_asked_for_anew(desk: Desk, stray: Notice) -> None:
    response = again(Role.OPERATIONS, stray, factor_age=900)
    assert "next=" in response.url
    stray.refresh_from_db()
    assert stray.state == NoticeState.QUARANTINED


def test_its_text_is_shown_to_those_who_may_see_clients_and_each_look_is_kept(desk: Desk, stray: Notice) -> None:
    for role in (Role.OPERATIONS, Role.COMPLIANCE):
        response = staff(role).get(page("change", Notice, stray.pk))
        assert b"8765**21" in response.content
        assert b"87654321" not in response.content
    assert staff(Role.ADMINISTRATOR).get(page("change", Notice, stray.pk)).status_code == 403
    assert AuditEvent.objects.filter(action="notice.viewed", subject=f"notice {stray.pk}").count() == 2


def test_the_list_gives_state_and_reason_and_no_text(desk: Desk, stray: Notice) -> None:
    content = staff(Role.COMPLIANCE).get(page("changelist", Notice)).content.decode()
    assert "is not connected" in content
    assert "87654321" not in content


@pytest.mark.parametrize(
    ("plaintext", "shown"),
    [
        ("desk01^12345678^3567^02", "****^1234**78^3567^02"),
        ("desk01^12345678^3567^desk01^12345678^3568", "****^1234**78^3567^****^1234**78^3568"),
        ("", "****"),
        ("x", "****"),
    ],
)
def test_who_the_customer_is_stays_masked_wherever_it_stands(plaintext: str, shown: str) -> None:
    assert masked(plaintext) == shown
