"""Sync runs: what was planned, what each step fetched, the raw pages, and the schedule."""

from __future__ import annotations

import zlib

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedBytesField, EncryptedTextField
from accounts.models.accounts import ClientAccount
from accounts.models.firms import Firm


class Dataset(models.TextChoices):
    ACCOUNTS = "accounts", _("계좌목록")
    BALANCES = "balances", _("잔고")
    SETTLEMENTS = "settlements", _("결제")
    TRADES = "trades", _("거래")
    ORDERS = "orders", _("주문체결")


class Slot(models.TextChoices):
    EVENING = "evening", _("저녁")
    CONFIRM = "confirm", _("확정")
    MANUAL = "manual", _("수동")
    HISTORY = "history", _("이력")
    KIS = "kis", _("KIS 잔고")


class RunState(models.TextChoices):
    RUNNING = "running", _("진행 중")
    DONE = "done", _("완료")
    DONE_WITH_FAILURES = "done_with_failures", _("일부 실패")
    PAUSED = "paused", _("일시 중지")
    FAILED = "failed", _("실패")


class StepState(models.TextChoices):
    PENDING = "pending", _("대기")
    RUNNING = "running", _("진행 중")
    DONE = "done", _("완료")
    FAILED = "failed", _("실패")
    QUARANTINED = "quarantined", _("격리")
    CUT_OFF = "cut_off", _("시간 마감")


class ScheduleEntry(models.Model):
    """When a slot starts, in Korean time. The dispatcher reads it each minute."""

    slot = models.CharField(_("회차"), max_length=8, choices=Slot.choices, unique=True)
    starts_at = models.TimeField(_("시작 시각(KST)"))
    enabled = models.BooleanField(_("사용"), default=True)

    class Meta:
        verbose_name = _("동기화 일정")
        verbose_name_plural = _("동기화 일정")

    def __str__(self) -> str:
        return f"{self.get_slot_display()} {self.starts_at:%H:%M}"


class SyncRun(models.Model):
    """One slot of one calendar day. A doubled beat finds the row and starts nothing."""

    slot = models.CharField(_("회차"), max_length=8, choices=Slot.choices)
    calendar_date = models.DateField(_("날짜"))
    state = models.CharField(_("상태"), max_length=20, choices=RunState.choices, default=RunState.RUNNING)
    started_at = models.DateTimeField(_("시작"))
    finished_at = models.DateTimeField(_("끝"), null=True, blank=True)

    class Meta:
        verbose_name = _("동기화 실행")
        verbose_name_plural = _("동기화 실행")
        ordering = ("-started_at", "-id")
        constraints = (models.UniqueConstraint(fields=("slot", "calendar_date"), name="run_once_a_slot_and_day"),)

    def __str__(self) -> str:
        return f"{self.get_slot_display()} {self.calendar_date}"


class SyncStep(models.Model):
    """One dataset of one account (or one firm's account list) in one run, for one business date."""

    run = models.ForeignKey(SyncRun, on_delete=models.PROTECT, related_name="steps", verbose_name=_("실행"))
    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+", verbose_name=_("증권사"))
    account = models.ForeignKey(
        ClientAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="steps", verbose_name=_("계좌")
    )
    dataset = models.CharField(_("데이터"), max_length=12, choices=Dataset.choices)
    business_date = models.DateField(_("기준일"))
    since = models.DateField(_("첫 조회일"), null=True, blank=True)
    state = models.CharField(_("상태"), max_length=12, choices=StepState.choices, default=StepState.PENDING)
    attempt = models.PositiveIntegerField(_("시도"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_owner = models.CharField(max_length=36, blank=True, editable=False)
    rows = models.PositiveIntegerField(_("건수"), default=0)
    pages = models.PositiveIntegerField(_("페이지"), default=0)
    changed = models.BooleanField(_("변경"), default=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    error_code = models.CharField(_("오류 코드"), max_length=32, blank=True)
    error = models.CharField(_("오류"), max_length=400, blank=True)
    warnings = models.JSONField(_("경고"), default=list, blank=True)
    started_at = models.DateTimeField(_("시작"), null=True, blank=True)
    finished_at = models.DateTimeField(_("끝"), null=True, blank=True)

    class Meta:
        verbose_name = _("동기화 단계")
        verbose_name_plural = _("동기화 단계")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("run", "account", "dataset", "business_date"),
                condition=Q(account__isnull=False),
                name="step_once_an_account",
            ),
            models.UniqueConstraint(
                fields=("run", "firm", "dataset", "business_date"),
                condition=Q(account__isnull=True),
                name="step_once_a_firm",
            ),
        )
        indexes = (
            models.Index(fields=("account", "dataset", "-finished_at")),
            models.Index(fields=("run", "state")),
        )

    def __str__(self) -> str:
        return f"{self.account or self.firm} {self.dataset} {self.business_date}"


class RawPage(models.Model):
    """One answer of a gateway as it came, compressed and encrypted, kept whatever became of it."""

    step = models.ForeignKey(SyncStep, on_delete=models.PROTECT, related_name="raw_pages", verbose_name=_("단계"))
    attempt = models.PositiveIntegerField(_("시도"))
    sequence = models.PositiveIntegerField(_("순번"))
    query = EncryptedTextField(_("요청"), blank=True)
    http_status = models.PositiveIntegerField(_("HTTP 상태"))
    body = EncryptedBytesField()
    digest = models.CharField(_("다이제스트"), max_length=64)
    received_at = models.DateTimeField(_("수신"))
    quarantined = models.BooleanField(_("격리"), default=False)
    reason = models.CharField(_("사유"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("원문")
        verbose_name_plural = _("원문")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("step", "attempt", "sequence"), name="page_once_an_attempt"),)

    def __str__(self) -> str:
        return f"{self.step} #{self.sequence}"

    @staticmethod
    def packed(body: bytes) -> bytes:
        return zlib.compress(body)

    def text(self) -> str:
        """The answer as it came; bytes that are no UTF-8 are shown as replacement characters."""
        return zlib.decompress(bytes(self.body)).decode("utf-8", "replace")
