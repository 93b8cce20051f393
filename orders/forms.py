"""What a person fills in to cancel or modify. The intent key and the version come from the dialog itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DIGITS, PLACES = 18, 8


class FigureField(forms.DecimalField):
    """A positive figure; thousands commas are taken as they are pasted from a table."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=DIGITS, decimal_places=PLACES, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", "") if isinstance(value, str) else value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and value <= 0:
            raise forms.ValidationError(_("0보다 커야 합니다."), code="not_positive")


class CommandForm(forms.Form):
    intent = forms.UUIDField(widget=forms.HiddenInput)
    expected_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    quantity = FigureField(label=_("수량"), required=False)


class CancelForm(CommandForm):
    supersedes = forms.UUIDField(widget=forms.HiddenInput, required=False)


class ModifyForm(CommandForm):
    price = FigureField(label=_("가격"))
