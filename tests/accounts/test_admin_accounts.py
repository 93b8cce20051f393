"""Client accounts and assignments in the admin: found by number, imported, and felt at once by whom they touch."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.admin.assignment_csv import AssignmentResource
from accounts.models import Assignment, AuditEvent, Role
from tests import factories as make
from tests.accounts.admin_pages import page, save, staff

pytestmark = pytest.mark.django_db

NUMBER = "0019923122221"


@pytest.mark.parametrize("text", [NUMBER, "00-19923-122221"])
def test_accounts_are_found_by_their_full_number_and_not_by_a_part(text: str) -> None:
    account = make.ClientAccountFactory.create(number=NUMBER)
    make.ClientAccountFactory.create()
    client = staff(Role.OPERATIONS)
    found = client.get(page("changelist", type(account)), {"q": text})
    assert list(found.context["cl"].queryset) == [account]
    assert not client.get(page("changelist", type(account)), {"q": NUMBER[:8]}).context["cl"].queryset


def test_accounts_without_a_manager_are_one_click_away() -> None:
    alone = make.ClientAccountFactory.create()
    managed = make.AssignmentFactory.create().account
    client = staff(Role.OPERATIONS)
    for value, account in (("no", alone), ("yes", managed)):
        found = client.get(page("changelist", type(alone)), {"managed": value})
        assert list(found.context["cl"].queryset) == [account]


def test_an_assignment_closes_the_open_pages_of_everyone_whom_it_touches() -> None:
    old, new = make.UserFactory.create(), make.UserFactory.create()
    assignment: Assignment = make.AssignmentFactory.create(user=old)
    values: dict[str, object] = {"user": new.pk, "account": assignment.account_id, "valid_from": "2026-01-01"}
    assert save(staff(Role.OPERATIONS), assignment, values).status_code == 302
    for user in (old, new):
        user.refresh_from_db()
        assert user.access_version == 1


def test_assignments_come_from_a_csv_file_and_go_to_one_without_full_numbers() -> None:
    user = make.UserFactory.create(username="kim")
    account = make.ClientAccountFactory.create(number=NUMBER)
    client = staff(Role.OPERATIONS)
    text = f"user,account,valid_from,valid_to\nkim,shinhan:{NUMBER},2026-11-01,\n"
    trial = client.post(
        page("import", Assignment), {"format": "0", "import_file": SimpleUploadedFile("a.csv", text.encode())}
    )
    assert not Assignment.objects.exists()
    form = trial.context["confirm_form"]
    client.post(page("process_import", Assignment), form.initial)
    assert Assignment.objects.get().account == account
    user.refresh_from_db()
    assert user.access_version == 1
    written = client.get(page("export", Assignment)).content.decode()
    assert f"kim,{account.pk},0019*******21,2026-11-01," in written
    assert NUMBER not in written
    assert AuditEvent.objects.filter(action="assignments.exported").exists()


def test_a_csv_line_with_an_unknown_account_writes_nothing() -> None:
    make.UserFactory.create(username="kim")
    text = "user,account,valid_from,valid_to\nkim,shinhan:999999,2026-11-01,\n"
    response = staff(Role.OPERATIONS).post(
        page("import", Assignment), {"format": "0", "import_file": SimpleUploadedFile("a.csv", text.encode())}
    )
    assert "모르는 계좌입니다." in response.content.decode()
    assert not Assignment.objects.exists()


def test_compliance_reads_assignments_and_imports_none() -> None:
    client = staff(Role.COMPLIANCE)
    assert client.get(page("export", Assignment)).status_code == 200
    assert client.get(page("import", Assignment)).status_code == 403


def test_a_user_name_that_a_spreadsheet_would_run_is_written_as_text() -> None:
    account = make.ClientAccountFactory.create()
    make.assigned(make.UserFactory.create(username="@sum"), account)
    resource = AssignmentResource()
    assert f"'@sum,{account.pk}" in resource.export().csv


def test_an_alias_is_changed_without_touching_what_the_firm_said() -> None:
    account = make.ClientAccountFactory.create(number=NUMBER, contract_status="active")
    values: dict[str, object] = {"alias": "새 별칭", "twin": "", "contract_status": "expired", "number": "1"}
    assert save(staff(Role.OPERATIONS), account, values).status_code == 302
    account.refresh_from_db()
    assert (account.alias, account.contract_status, account.number) == ("새 별칭", "active", NUMBER)
    assert account.business_date is None or isinstance(account.business_date, date)
