"""Forms over encrypted fields: a secret can be given and replaced, and is never shown again."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.rights import KEYS, AnyForm, RoleAdmin

# KIS's own push port is plain ws ("KIS 실시간 웹소켓 접속").
KIS_SOCKET = re.compile(r"ws://[a-z.]*\.koreainvestment\.com:(21000|31000)/?", re.ASCII)


class AddressField(forms.URLField):
    """An address that was typed without a scheme is an https one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"assume_scheme": "https", **kwargs})


class SecretsForm(AnyForm):
    """`secrets`: fields whose stored value stays where it is; left empty, it is kept. `addresses`: see `check_address`.

    An address that came from the connection file and was left alone is not looked at: only that file may name this
    machine.
    """

    secrets: ClassVar[tuple[str, ...]] = ()
    addresses: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secrets:
            if name in self.fields:
                self._hide(name)

    def _hide(self, name: str) -> None:
        stored = bool(self.instance.pk and getattr(self.instance, name))
        self.initial.pop(name, None)
        field = self.fields[name]
        field.widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
        field.required = field.required and not stored
        field.help_text = _("저장된 값이 있습니다. 비워 두면 그대로 둡니다.") if stored else ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._ask_again_for_another_address(values)
        for name in self.secrets:
            if name in values and not values[name] and self.instance.pk:
                values[name] = getattr(type(self.instance).objects.get(pk=self.instance.pk), name)
        for name in self.addresses:
            if values.get(name) and not self._is_as_in_the_file(name):
                self._check(name, values[name])
        return values

    def _ask_again_for_another_address(self, values: dict[str, Any]) -> None:
        """Stored keys do not go to an address that they were not given for."""
        if not self.instance.pk or not set(self.addresses) & set(self.changed_data):
            return
        stored = type(self.instance).objects.get(pk=self.instance.pk)
        for name in self.secrets:
            if name in values and not values[name] and getattr(stored, name):
                self.add_error(name, _("주소를 바꾸면 키도 다시 넣어야 합니다."))

    def _is_as_in_the_file(self, name: str) -> bool:
        return bool(self.instance.pk and self.instance.from_file and name not in self.changed_data)

    def _check(self, name: str, value: str) -> None:
        try:
            check_address(value)
        except ValidationError as error:
            self.add_error(name, error)


class KeysAdmin(RoleAdmin):
    """Rows with secrets. Who may only read them gets no secret field at all: a read-only field would show its value."""

    kept_by, sensitive = KEYS, True
    form: type[SecretsForm]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = list(super().get_fields(request, obj))
        if self.has_change_permission(request, obj):
            return fields
        return [name for name in fields if name not in self.form.secrets]


def check_address(value: str) -> None:
    """Refuse what a gateway's address may not be: plain, on this machine, or inside a network of machines."""
    if KIS_SOCKET.fullmatch(value):
        return
    parts = urlsplit(value)
    if parts.scheme not in {"https", "wss"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValidationError(_("https 주소여야 합니다."), code="plain")
    if _is_inside(parts.hostname):
        raise ValidationError(_("이 컴퓨터나 내부 전용 주소는 연결 파일로만 정할 수 있습니다."), code="inside")


def _is_inside(host: str) -> bool:
    """Loopback, link-local (where clouds keep their metadata) and unspecified, in any spelling of a name or number."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith((".localhost", ".internal", ".local")):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.replace(".", "").isdigit() or name.startswith("0x")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified
