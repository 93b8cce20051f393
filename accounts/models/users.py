"""People and the tokens of their scripts."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    MANAGER = "manager", _("운용역")
    ASSISTANT = "assistant", _("운용보조")
    OPERATIONS = "operations", _("운영")
    COMPLIANCE = "compliance", _("준법감시")
    ADMINISTRATOR = "administrator", _("관리자")


class User(AbstractUser):
    """A person. The role says what kind of work; assignments say on whose accounts."""

    role = models.CharField(_("역할"), max_length=16, choices=Role.choices, default=Role.MANAGER)
    access_version = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("권한이 바뀔 때마다 커집니다. 열린 소켓이 이 값으로 끊깁니다.")
    )
    preferences = models.JSONField(_("화면 설정"), default=dict, blank=True)

    class Meta:
        verbose_name = _("사용자")
        verbose_name_plural = _("사용자")

    @property
    def sees_everything(self) -> bool:
        return self.role in {Role.OPERATIONS, Role.COMPLIANCE}

    @property
    def may_trade(self) -> bool:
        return self.role == Role.MANAGER


class Scope(models.TextChoices):
    READ = "read", _("조회")
    TRADE = "trade", _("주문")


class ApiToken(models.Model):
    """A bearer token; only its digest is kept, so that the database does not open the API."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("사용자"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(_("범위"), max_length=8, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField(_("생성"))
    expires_at = models.DateTimeField(_("만료"))
    revoked_at = models.DateTimeField(_("폐기"), null=True, blank=True)
    second_factor_at = models.DateTimeField(_("2차 인증"), null=True, blank=True)

    class Meta:
        verbose_name = _("API 토큰")
        verbose_name_plural = _("API 토큰")

    def __str__(self) -> str:
        return f"{self.user} · {self.scope}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def is_valid(self, at: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at and self.user.is_active
