"""What a person asked of an order, and what became of it. Never the order's own status."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedBytesField, PriceField, QuantityField
from orders.domain.command_state import LIVE, UNANSWERED, CommandState
from orders.models.orders import Order

LIVE_STATES = sorted(state.value for state in LIVE)
UNANSWERED_STATES = sorted(state.value for state in UNANSWERED)
ANSWERED_STATES = sorted(state.value for state in LIVE - UNANSWERED)


class CommandType(models.TextChoices):
    CANCEL = "cancel", _("취소")
    MODIFY = "modify", _("정정")


class OrderCommandQuerySet(models.QuerySet["OrderCommand"]):
    def live(self) -> OrderCommandQuerySet:
        return self.filter(state__in=LIVE_STATES)


class OrderCommand(models.Model):
    """One intent of one person. At most one request leaves for it.

    At most one is live an order. Beside one without an outcome a second, which names it in `supersedes`, may wait for
    its answer; the old one is let go together with that answer, or stays what it is where the second never left.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commands", verbose_name=_("요청자")
    )
    intent = models.UUIDField(_("의도 키"))
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="commands", verbose_name=_("주문"))
    type = models.CharField(_("종류"), max_length=8, choices=CommandType.choices)
    quantity = QuantityField(_("수량"), null=True)
    price = PriceField(_("가격"), null=True)
    expected_version = models.PositiveBigIntegerField(_("본 버전"))
    parameters_hash = models.CharField(max_length=64, editable=False)
    address = models.GenericIPAddressField(_("주소"), null=True)
    supersedes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    state = models.CharField(
        _("상태"),
        max_length=20,
        choices=[(item.value, item.value) for item in CommandState],
        default=CommandState.CREATED.value,
    )
    reason = models.CharField(_("사유"), max_length=500, blank=True)
    reason_code = models.CharField(_("코드"), max_length=32, blank=True)
    pre_image: models.JSONField[Any, Any] = models.JSONField(default=dict)
    gt_uid = models.CharField(max_length=32, unique=True, null=True, blank=True)
    target_number = models.CharField(_("대상 번호"), max_length=16, blank=True)
    broker_order_id = models.CharField(_("증권사 번호"), max_length=16, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    rt_cd = models.CharField(max_length=8, blank=True)
    raw_answer = EncryptedBytesField(null=True, blank=True)
    evidence: models.JSONField[Any, Any] = models.JSONField(default=list)
    watch: models.JSONField[Any, Any] = models.JSONField(default=dict)  # how often and how long the reads were equal
    sends = models.PositiveSmallIntegerField(default=0)
    asks = models.PositiveIntegerField(default=0)
    next_ask_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("요청"))
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("전송"), null=True, blank=True)
    waits_since = models.DateTimeField(null=True, blank=True)  # answered or given up: only later reads are evidence
    resolved_at = models.DateTimeField(_("확정"), null=True, blank=True)

    objects: ClassVar[models.Manager[OrderCommand]] = OrderCommandQuerySet.as_manager()

    class Meta:
        verbose_name = _("주문 명령")
        verbose_name_plural = _("주문 명령")
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("actor", "intent"), name="intent_once_an_actor"),
            models.UniqueConstraint(
                fields=("order",),
                condition=Q(state__in=ANSWERED_STATES) | Q(state__in=UNANSWERED_STATES, supersedes=None),
                name="one_live_command",
            ),
            models.UniqueConstraint(
                fields=("order",),
                condition=Q(state__in=UNANSWERED_STATES, supersedes__isnull=False),
                name="one_superseding_command",
            ),
            models.UniqueConstraint(
                fields=("order",), condition=Q(state=CommandState.SENDING.value), name="one_command_being_sent"
            ),
        )
        indexes = (models.Index(fields=("state", "next_ask_at")),)

    def __str__(self) -> str:
        return f"{self.type} {self.order_id} {self.state}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


class OrderInquiry(models.Model):
    """When a person last had the broker asked for an order out of turn."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="asked")
    asked_at = models.DateTimeField(_("최근 요청"))

    class Meta:
        verbose_name = _("지금 조회")
        verbose_name_plural = _("지금 조회")

    def __str__(self) -> str:
        return str(self.order_id)
