"""Users, tokens and second factors in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from accounts.models import ApiToken, AuditEvent, ClientAccount, Role, User
from tests import factories as make
from tests.accounts.admin_pages import page, save, staff
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db


def test_a_password_set_for_somebody_is_in_the_audit_trail() -> None:
    user = make.UserFactory.create()
    values = {"password1": make.PASSWORD, "password2": make.PASSWORD, "usable_password": "true"}
    response = staff(Role.ADMINISTRATOR).post(reverse("admin:auth_user_password_change", args=[user.pk]), values)
    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password(make.PASSWORD)
    assert AuditEvent.objects.get(action="admin.password_set").subject == f"user {user.pk}"


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.COMPLIANCE])
def test_only_administrators_set_passwords(role: Role) -> None:
    user = make.UserFactory.create()
    path = reverse("admin:auth_user_password_change", args=[user.pk])
    assert staff(role).post(path, {"password1": "x", "password2": "x"}).status_code == 403


def test_a_changed_role_closes_open_pages_and_decides_who_enters_the_admin() -> None:
    user = make.UserFactory.create(username="lee")
    values: dict[str, object] = {"username": "lee", "role": "operations", "is_active": "on"}
    assert save(staff(Role.ADMINISTRATOR), user, values).status_code == 302
    user.refresh_from_db()
    assert (user.is_staff, user.access_version) == (True, 1)


def test_the_first_superuser_keeps_people_and_sees_no_client_data() -> None:
    user = User.objects.create_superuser("root", password=make.PASSWORD)
    client = signed_in(user)
    assert client.get(page("changelist", User)).status_code == 200
    assert client.get(page("changelist", ClientAccount)).status_code == 403


def test_a_token_is_revoked_here_and_made_elsewhere() -> None:
    make.token_for(make.UserFactory.create(), lifetime=timedelta(days=9))
    row = ApiToken.objects.get()
    client = staff(Role.ADMINISTRATOR)
    client.post(page("changelist", ApiToken), {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert client.get(page("add", ApiToken)).status_code == 403


def test_a_lost_second_factor_is_taken_away_with_a_trace() -> None:
    user = make.UserFactory.create()
    lost = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = staff(Role.ADMINISTRATOR)
    assert client.post(page("delete", Authenticator, lost.pk), {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.filter(pk=lost.pk).exists()
    assert AuditEvent.objects.get(action="admin.deleted").subject == f"second factor of user {user.pk}"
