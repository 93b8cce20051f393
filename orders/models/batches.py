"""Many single cancels that one person asked for at once: the list as it was confirmed, and one outcome a row."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.commands import OrderCommand
from orders.models.orders import Order
from orders.models.switches import Switch


class BatchKind(models.TextChoices):
    SELECTION = "selection", _("선택 취소")
    KILL = "kill", _("킬 스위치 취소")


class RowState(models.TextChoices):
    PENDING = "pending", _("대기")
    TAKEN = "taken", _("요청 중")
    SUBMITTED = "submitted", _("요청함")
    REFUSED = "refused", _("요청하지 않음")
    EXPIRED = "expired", _("보내지 않음")


class CommandBatch(models.Model):
    """One intent of one person over many orders. It sends nothing itself: each row becomes a command of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("종류"), max_length=10, choices=BatchKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches", verbose_name=_("요청자")
    )
    intent = models.UUIDField(_("의도 키"))
    parameters_hash = models.CharField(max_length=64, editable=False)
    address = models.GenericIPAddressField(_("주소"), null=True)
    switch = models.ForeignKey(
        Switch, on_delete=models.PROTECT, null=True, blank=True, related_name="batches", verbose_name=_("스위치")
    )
    created_at = models.DateTimeField(_("요청"))
    worked_at = models.DateTimeField(_("최근 진행"))
    finished_at = models.DateTimeField(_("끝"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("일괄 취소")
        verbose_name_plural = _("일괄 취소")
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("actor", "intent"), name="batch_intent_once_an_actor"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class BatchRow(models.Model):
    """One order of a batch, and what became of its cancel. A thread takes it by a conditional update before it asks."""

    batch = models.ForeignKey(CommandBatch, on_delete=models.PROTECT, related_name="rows", verbose_name=_("일괄 취소"))
    position = models.PositiveIntegerField(_("순서"))
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", verbose_name=_("주문"))
    expected_version = models.PositiveBigIntegerField(_("본 버전"))
    state = models.CharField(_("상태"), max_length=10, choices=RowState.choices, default=RowState.PENDING)
    command = models.ForeignKey(
        OrderCommand, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("명령")
    )
    code = models.CharField(_("코드"), max_length=32, blank=True)
    reason = models.CharField(_("사유"), max_length=200, blank=True)
    taken_at = models.DateTimeField(_("시작"), null=True, blank=True)
    done_at = models.DateTimeField(_("끝"), null=True, blank=True)

    objects: ClassVar[models.Manager[BatchRow]] = models.Manager()

    class Meta:
        verbose_name = _("일괄 취소 행")
        verbose_name_plural = _("일괄 취소 행")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("batch", "order"), name="batch_order_once"),
            models.UniqueConstraint(fields=("batch", "position"), name="batch_position_once"),
        )
        indexes = (models.Index(fields=("batch", "state", "position")),)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.position}"

    @property
    def intent(self) -> uuid.UUID:
        """The key of this row's one command: asking again with it gives the same command, never a second."""
        return uuid.uuid5(self.batch_id, str(self.order_id))
