"""How the admin's pages are asked for in tests."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests import factories as make
from tests.sessions import signed_in


def page(name: str, model: type[Model], *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def staff(role: Role, factor_age: float = 5.0) -> Client:
    return signed_in(make.UserFactory.create(role=role), factor_age)


def save(client: Client, row: Model, values: dict[str, object]) -> Any:
    return client.post(page("change", type(row), row.pk), values)
