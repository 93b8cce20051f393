"""Market hours, exceptional days and suspensions, and a preview of what is open when."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts import clock
from accounts.admin.rights import AnyForm, RoleAdmin
from accounts.clock import KST
from orders import calendars
from orders.domain.events import Market
from orders.domain.sessions import Calendar, Session
from orders.kis.codes import EXCHANGES
from orders.models import MarketDay, MarketHours, MarketSuspension

MARKETS = [(item.value, item.value) for item in Market]
CALENDARS = [(item.value, item.value) for item in Calendar]
FURTHEST = date(2100, 1, 1)


class ExchangesField(forms.CharField):
    """Exchange codes, separated by commas; unknown ones are refused by name."""

    def clean(self, value: Any) -> str:
        codes = {code.strip().upper() for code in str(super().clean(value)).split(",") if code.strip()}
        unknown = sorted(codes - set(EXCHANGES))
        if unknown:
            raise forms.ValidationError(_("모르는 거래소입니다: %(codes)s") % {"codes": ", ".join(unknown)})
        return ",".join(sorted(codes))


class MarketHoursForm(AnyForm):
    market = forms.ChoiceField(label=_("시장"), choices=MARKETS)
    calendar = forms.ChoiceField(label=_("휴장 달력"), choices=CALENDARS)
    exchanges = ExchangesField(label=_("거래소"), required=False, help_text=_("쉼표로 구분. 비우면 시장 전체."))


class MarketDayForm(AnyForm):
    calendar = forms.ChoiceField(label=_("휴장 달력"), choices=CALENDARS)


class MarketSuspensionForm(AnyForm):
    market = forms.ChoiceField(label=_("시장"), choices=MARKETS, initial=Market.US_DAYTIME.value)


class PreviewForm(forms.Form):
    day = forms.DateField(label=_("날짜"), widget=forms.DateInput(attrs={"type": "date"}))


class CalendarAdmin(RoleAdmin):
    """An edit is in force in this process at once, in all others within five seconds."""

    deletable = True

    def save_model(self, request: HttpRequest, obj: Model, form: AnyForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        calendars.forget()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        calendars.forget()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


@admin.register(MarketHours)
class MarketHoursAdmin(CalendarAdmin):
    """A row of the program is ended by its last day, not deleted: the next upgrade would bring it back."""

    form = MarketHoursForm
    change_list_template = "admin/orders/markethours/change_list.html"
    list_display = (
        "market",
        "exchanges",
        "name",
        "opens",
        "closes",
        "us_summer",
        "calendar",
        "valid_from",
        "valid_to",
        "edited",
    )
    list_filter = ("market", "calendar", "edited")
    readonly_fields = ("edited", "updated_at")

    def save_model(self, request: HttpRequest, obj: Model, form: AnyForm, change: bool) -> None:
        if isinstance(obj, MarketHours):
            obj.edited = True
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        own = not isinstance(obj, MarketHours) or obj.default_key is None
        return own and super().has_delete_permission(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset.filter(default_key=None))

    def get_urls(self) -> list[URLPattern]:
        preview = path("preview/", self.admin_site.admin_view(self.preview), name="orders_markethours_preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """What is open on a chosen day, by the rows as they are now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PreviewForm(request.GET if "day" in request.GET else {"day": clock.now().astimezone(KST).date()})
        sessions = sessions_of(form.cleaned_data["day"]) if form.is_valid() else []
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("그날의 장"),
            "form": form,
            "sessions": sessions,
        }
        return TemplateResponse(request, "admin/orders/markethours/preview.html", context)


@admin.register(MarketDay)
class MarketDayAdmin(CalendarAdmin):
    form = MarketDayForm
    list_display = ("day", "calendar", "is_open", "note")
    list_filter = ("calendar", "is_open")
    date_hierarchy: ClassVar[str] = "day"


@admin.register(MarketSuspension)
class MarketSuspensionAdmin(CalendarAdmin):
    form = MarketSuspensionForm
    list_display = ("market", "starts_on", "ends_on", "note")
    list_filter = ("market",)


def sessions_of(day: date) -> list[Session]:
    """All sessions that are open at some time of a Korean day, in order of opening."""
    if not date(calendars.FIRST_YEAR, 1, 1) < day < FURTHEST:
        return []
    start = datetime.combine(day, time(0), KST)
    return calendars.sessions().between(start, start + timedelta(days=1))
