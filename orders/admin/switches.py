"""Switches, batches and rehearsals are read; when the daily rehearsal starts is kept by operations."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.rights import FindsAccounts, LedgerAdmin, RoleAdmin
from orders.models import BatchRow, CommandBatch, Rehearsal, RehearsalSchedule, Switch


@admin.register(Switch)
class SwitchAdmin(FindsAccounts, LedgerAdmin):
    list_display = ("engaged_at", "kind", "scope", "engaged_by", "reason", "release_asked_by", "released_by")
    list_filter = ("kind", "scope", ("released_at", admin.EmptyFieldListFilter))
    list_select_related = ("engaged_by", "release_asked_by", "released_by")


@admin.register(CommandBatch)
class CommandBatchAdmin(LedgerAdmin):
    list_display = ("created_at", "kind", "actor", "switch", "finished_at")
    list_filter = ("kind", "actor")
    list_select_related = ("actor", "switch")


@admin.register(BatchRow)
class BatchRowAdmin(FindsAccounts, LedgerAdmin):
    account_path = "order__account"
    list_display = ("batch", "position", "order", "state", "code", "reason")
    list_filter = ("state",)
    list_select_related = ("batch", "order")


@admin.register(Rehearsal)
class RehearsalAdmin(LedgerAdmin):
    list_display = ("day", "matched", "accounts", "orders", "started_at", "took")
    list_filter = ("matched",)
    date_hierarchy = "day"


@admin.register(RehearsalSchedule)
class RehearsalScheduleAdmin(RoleAdmin):
    """One row; a second one would be read by nobody."""

    list_display = ("starts_at", "enabled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False
