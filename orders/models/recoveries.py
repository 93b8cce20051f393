"""When an app key's notices may have been missed, and what the inquiries afterwards made good."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.connections import KisConnection


class RecoveryReason(models.TextChoices):
    START = "start", _("시작")
    TAKEOVER = "takeover", _("담당 프로세스 교체")
    RECONNECT = "reconnect", _("연결 끊김")
    SILENCE = "silence", _("무응답")
    QUARANTINE = "quarantine", _("격리된 통보")


class Recovery(models.Model):
    """One window in which notices may be missing, from the last sign of life to two equal reads of every account.

    Times are of the business clock. `ended_at` is None while it goes on; `account` is set where only one is meant.
    """

    connection = models.ForeignKey(
        KisConnection, on_delete=models.PROTECT, related_name="recoveries", verbose_name=_("KIS 연결")
    )
    account = models.ForeignKey(
        "accounts.ClientAccount",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="recoveries",
        verbose_name=_("계좌"),
    )
    reason = models.CharField(_("사유"), max_length=12, choices=RecoveryReason.choices)
    epoch = models.BigIntegerField(_("회차"))
    lost_at = models.DateTimeField(_("끊김"))
    began_at = models.DateTimeField(_("재조회 시작"), null=True, blank=True)
    ended_at = models.DateTimeField(_("재조회 완료"), null=True, blank=True)
    reads = models.PositiveIntegerField(_("조회 수"), default=0)
    orders_changed = models.PositiveIntegerField(_("바뀐 주문"), default=0)
    fills_recovered = models.PositiveIntegerField(_("복구한 체결"), default=0)

    class Meta:
        verbose_name = _("재조회 기록")
        verbose_name_plural = _("재조회 기록")
        ordering = ("-id",)
        indexes = (models.Index(fields=("connection", "-lost_at")),)

    def __str__(self) -> str:
        return f"{self.connection} {self.lost_at:%Y-%m-%d %H:%M:%S} {self.reason}"
