"""The notice journal: raw frames as they came, committed before anything is understood, and their records."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedBytesField, EncryptedTextField
from orders.models.connections import KisConnection
from orders.models.orders import Order


class NoticeFrame(models.Model):
    """One data frame of the socket. Rows are added and never changed."""

    connection = models.ForeignKey(KisConnection, on_delete=models.PROTECT, related_name="frames")
    epoch = models.BigIntegerField()
    number = models.BigIntegerField()
    received_at = models.DateTimeField(_("수신"))
    raw = EncryptedBytesField()
    key = EncryptedTextField(blank=True)  # the AES key and iv of its TR id when it came, to read it after a restart

    class Meta:
        verbose_name = _("통보 원문")
        verbose_name_plural = _("통보 원문")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("connection", "epoch", "number"), name="frame_once"),)

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.epoch}/{self.number}"


class NoticeState(models.TextChoices):
    RECEIVED = "received", _("수신")
    APPLIED = "applied", _("반영")
    REPEATED = "repeated", _("중복")
    QUARANTINED = "quarantined", _("격리")


class Notice(models.Model):
    """One record of a frame, or the whole frame where it could not be split."""

    frame = models.ForeignKey(NoticeFrame, on_delete=models.PROTECT, related_name="notices")
    position = models.PositiveSmallIntegerField(default=0)
    tr_id = models.CharField(_("TR"), max_length=16, blank=True)
    width = models.PositiveSmallIntegerField(_("항목 수"), default=0)
    plaintext = EncryptedTextField(blank=True)
    state = models.CharField(_("상태"), max_length=12, choices=NoticeState.choices, default=NoticeState.RECEIVED)
    reason = models.CharField(_("사유"), max_length=400, blank=True)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="notices", verbose_name=_("주문")
    )

    class Meta:
        verbose_name = _("체결통보")
        verbose_name_plural = _("체결통보")
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("frame", "position"), name="notice_once_a_frame"),)
        indexes = (models.Index(fields=("state", "-id")),)

    def __str__(self) -> str:
        return f"{self.frame} #{self.position} {self.state}"
