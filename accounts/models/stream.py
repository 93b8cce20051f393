"""What the browsers are told: a head and numbered events for each person, and the state of each upstream."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.accounts import ClientAccount


class StreamHead(models.Model):
    """The last number given out to one person. A new epoch makes every earlier number void."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="stream_head"
    )
    epoch = models.UUIDField(default=uuid.uuid4, editable=False)
    seq = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("전송 위치")
        verbose_name_plural = _("전송 위치")

    def __str__(self) -> str:
        return f"{self.user} {self.seq}"


class StreamEvent(models.Model):
    """One numbered change for one person: the row as that person's list shows it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    account = models.ForeignKey(ClientAccount, on_delete=models.CASCADE, null=True, related_name="+")
    entity = models.CharField(max_length=16)
    entity_id = models.CharField(max_length=36)
    version = models.BigIntegerField()
    row: models.JSONField[Any, Any] = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("전송 이력")
        verbose_name_plural = _("전송 이력")
        ordering = ("user", "seq")
        constraints = (models.UniqueConstraint(fields=("user", "seq"), name="stream_seq_once"),)
        indexes = (models.Index(fields=("created_at",)),)

    def __str__(self) -> str:
        return f"{self.user} {self.seq} {self.entity}"


class Feed(models.TextChoices):
    LIVE = "live", _("실시간")
    SYNCING = "syncing", _("대조 중")
    POLLING = "polling", _("조회 중")
    DOWN = "down", _("끊김")


class UpstreamState(models.Model):
    """The state of one upstream as its own process last said it; it is `down` once it says nothing any more."""

    name = models.CharField(max_length=64, primary_key=True)
    state = models.CharField(_("상태"), max_length=8, choices=Feed.choices, default=Feed.DOWN)
    detail = models.CharField(_("설명"), max_length=200, blank=True)
    changed_at = models.DateTimeField(_("변경"))
    heard_at = models.DateTimeField(_("최근 신호"))

    class Meta:
        verbose_name = _("상위 연결")
        verbose_name_plural = _("상위 연결")
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
