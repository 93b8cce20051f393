"""Client accounts and who manages them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField, MoneyField, RateField, blind_index
from accounts.masking import mask_name, mask_number
from accounts.models.firms import Firm


class ContractStatus(models.TextChoices):
    ACTIVE = "active", _("계약")
    TERMINATED = "terminated", _("해지")
    EXPIRED = "expired", _("만기")


def normalised(number: str) -> str:
    """The digits and letters of an account number: firms write one number with and without dashes."""
    return "".join(char for char in number if char.isalnum()).upper()


class ClientAccountQuerySet(models.QuerySet["ClientAccount"]):
    def with_number(self, number: str) -> ClientAccountQuerySet:
        return self.filter(number_index=blind_index(normalised(number)))


class ClientAccount(models.Model):
    """One client account at one firm. The totals are written when a balance is published, for the list's sake."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("증권사"))
    number = EncryptedTextField(_("계좌번호"))
    number_index = models.CharField(max_length=64, editable=False)
    virtual_number = EncryptedTextField(_("가상계좌번호"), blank=True)
    holder_name = EncryptedTextField(_("고객명"), blank=True)
    alias = models.CharField(_("별칭"), max_length=64, blank=True)
    contract_status = models.CharField(  # noqa: DJ001 - null: not said yet
        _("계약상태"), max_length=12, choices=ContractStatus.choices, null=True, blank=True
    )
    contract_code = models.CharField(_("계약상태 원문"), max_length=8, blank=True)
    twin = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="twin_of",
        verbose_name=_("코스콤 쪽 같은 계좌"),
        help_text=_("한국투자증권 계좌가 코스콤에도 있으면 합계에는 한 번만 셉니다."),
    )
    last_listed_at = models.DateTimeField(_("최근 목록 확인"), null=True, blank=True)
    balance = models.ForeignKey(
        "accounts.Snapshot", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    total_value = MoneyField(_("총평가"), null=True, blank=True)
    net_assets = MoneyField(_("순자산"), null=True, blank=True)
    securities_value = MoneyField(_("유가증권평가"), null=True, blank=True)
    cash_value = MoneyField(_("예수금"), null=True, blank=True)
    profit_loss = MoneyField(_("평가손익"), null=True, blank=True)
    return_rate = RateField(_("수익률"), null=True, blank=True)
    incomplete = models.BooleanField(_("합계 불완전"), default=False)
    business_date = models.DateField(_("기준일"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[ClientAccount]] = ClientAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("계좌")
        verbose_name_plural = _("계좌")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("firm", "number_index"), name="account_once_a_firm"),)

    def __str__(self) -> str:
        return f"{self.firm.short_name} {self.masked_number}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.number_index = blind_index(normalised(self.number))
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through as given

    @property
    def masked_number(self) -> str:
        return mask_number(self.number)

    @property
    def masked_holder(self) -> str:
        return mask_name(self.holder_name)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def on(self, day: date) -> AssignmentQuerySet:
        """Assignments in force on a Korean calendar day."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class Assignment(models.Model):
    """One person's right to one account, from a day until a day; the last day is included."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("담당")
    )
    account = models.ForeignKey(
        ClientAccount, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("계좌")
    )
    valid_from = models.DateField(_("시작일"))
    valid_to = models.DateField(_("종료일"), null=True, blank=True)

    objects: ClassVar[models.Manager[Assignment]] = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("담당 배정")
        verbose_name_plural = _("담당 배정")
        constraints = (
            models.UniqueConstraint(fields=("user", "account", "valid_from"), name="assignment_once_a_start"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="assignment_ends_after_start"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} – {self.account}"
