"""The audit trail's rows. Database triggers refuse every change to them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.accounts import ClientAccount


class AuditEvent(models.Model):
    """Who did what, when, from where, to whose data, and why. Written by `accounts.audit.record` alone."""

    at = models.DateTimeField(_("시각"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("행위자")
    )
    actor_name = models.CharField(_("행위자 이름"), max_length=150)
    address = models.GenericIPAddressField(_("주소"), null=True)
    action = models.CharField(_("행위"), max_length=64)
    account = models.ForeignKey(
        ClientAccount, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("계좌")
    )
    subject = models.CharField(_("대상"), max_length=100, blank=True)
    reason = models.CharField(_("사유"), max_length=200, blank=True)
    detail: models.JSONField[Any, Any] = models.JSONField(_("내용"), default=dict)

    class Meta:
        verbose_name = _("감사 기록")
        verbose_name_plural = _("감사 기록")
        ordering = ("-id",)
        indexes = (models.Index(fields=("action", "at")), models.Index(fields=("account", "at")))

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action}"
