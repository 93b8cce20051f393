"""Assignments as CSV. Accounts are written by id beside the masked number; id and `firm:number` are read."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from import_export import fields, resources, widgets

from accounts import access, audit
from accounts.models import Assignment, ClientAccount, User

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class AccountWidget(widgets.Widget):  # type: ignore[misc]  # the library is untyped
    """`17`, or `shinhan:0019923122221`."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> ClientAccount:
        del row, kwargs
        text = str(value or "").strip()
        firm, colon, number = text.partition(":")
        accounts = ClientAccount.objects.all()
        if colon:
            found = accounts.with_number(number).filter(firm__short_name=firm).first()
        else:
            found = accounts.filter(pk=text).first() if text.isascii() and text.isdigit() else None
        if found is None:
            raise ValueError(_("모르는 계좌입니다."))
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        del obj, kwargs
        return str(value.pk) if value is not None else ""


class UserWidget(widgets.Widget):  # type: ignore[misc]  # the library is untyped
    """A user name; what a spreadsheet would take for a formula is written after an apostrophe."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> User:
        del row, kwargs
        found = User.objects.filter(username=str(value or "").strip().removeprefix("'")).first()
        if found is None:
            raise ValueError(_("모르는 사용자입니다."))
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        del obj, kwargs
        name = value.get_username() if value is not None else ""
        return f"'{name}" if name.startswith(FORMULA_STARTS) else name


class AssignmentResource(resources.ModelResource):  # type: ignore[misc]  # the library is untyped
    """A row a person, account and first day; a row that is there already only gets its last day."""

    user = fields.Field("user", "user", UserWidget())
    account = fields.Field("account", "account", AccountWidget())
    number = fields.Field("account__masked_number", "number", readonly=True)

    class Meta:
        model = Assignment
        fields = ("user", "account", "number", "valid_from", "valid_to")
        import_id_fields = ("user", "account", "valid_from")
        use_transactions = True
        clean_model_instances = True
        skip_unchanged = True

    def after_save_instance(self, instance: Assignment, row: Any, **kwargs: Any) -> None:
        """In the import's own transaction, which a trial run takes back."""
        del row
        user = kwargs.get("user")
        by = audit.By(user, user.get_username()) if isinstance(user, User) else audit.By.system("import")
        audit.record(by, audit.Act("assignment.imported", instance.account, f"user {instance.user_id}"))
        access.rights_changed(instance.user_id)
