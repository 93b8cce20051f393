"""What the database itself keeps true of accounts, people and tokens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import ApiToken, Assignment, ClientAccount
from accounts.models.accounts import ClientAccountQuerySet
from tests.factories import AssignmentFactory, ClientAccountFactory, FirmFactory, SnapshotFactory, UserFactory

pytestmark = pytest.mark.django_db


def found(number: str) -> list[ClientAccount]:
    rows = ClientAccount.objects.all()
    assert isinstance(rows, ClientAccountQuerySet)
    return list(rows.with_number(number))


def test_a_number_is_found_with_and_without_its_dashes() -> None:
    account = ClientAccountFactory.create(number="001-99-23122221")
    assert found("0019923122221") == found("001-99-23122221") == [account]
    assert found("0019923122222") == []


def test_a_firm_has_a_number_once_however_it_is_written() -> None:
    account = ClientAccountFactory.create(number="0019923122221")
    with pytest.raises(IntegrityError), transaction.atomic():
        ClientAccountFactory.create(firm=account.firm, number="001-99-23122221")
    ClientAccountFactory.create(firm=FirmFactory.create(short_name="other"), number="0019923122221")


def test_a_changed_number_is_found_by_its_new_digits() -> None:
    account = ClientAccountFactory.create(number="111")
    account.number = "222"
    account.save()
    assert (found("111"), found("222")) == ([], [account])


def test_an_account_names_itself_masked() -> None:
    account = ClientAccountFactory.create(number="12345678-01", holder_name="홍길동")
    assert (str(account), account.masked_holder) == ("shinhan 1234****-01", "홍*동")


def test_an_assignment_cannot_end_before_it_begins() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AssignmentFactory.create(valid_from=date(2026, 11, 20), valid_to=date(2026, 11, 19))


def test_assignments_are_asked_for_a_day() -> None:
    row = AssignmentFactory.create(valid_from=date(2026, 11, 19), valid_to=date(2026, 11, 20))
    days = [date(2026, 11, day) for day in (18, 19, 20, 21)]
    assert [Assignment.objects.all().on(day).exists() for day in days] == [False, True, True, False]
    assert str(row).endswith(str(row.account))


def test_two_snapshots_of_one_day_are_not_both_current() -> None:
    snapshot = SnapshotFactory.create(current=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        SnapshotFactory.create(
            current=True, account=snapshot.account, dataset=snapshot.dataset, valid_from=snapshot.valid_from
        )


def test_a_token_is_valid_until_it_ends_is_revoked_or_its_person_leaves() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    token = ApiToken(user=UserFactory.build(), created_at=now, expires_at=now + timedelta(days=1))
    assert token.is_valid(now)
    assert not token.is_valid(now + timedelta(days=1))
    token.user.is_active = False
    assert not token.is_valid(now)
    token.user.is_active, token.revoked_at = True, now
    assert not token.is_valid(now)


def test_the_digest_of_a_token_does_not_open_anything() -> None:
    digest = ApiToken.digest_of("token")
    assert digest == ApiToken.digest_of("token") != ApiToken.digest_of(digest)
    assert "token" not in digest
