"""Securities firms: where each one's gateway is, with what credentials, and what it may still be asked today."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField


class FirmKind(models.TextChoices):
    KOSCOM = "koscom", _("코스콤 일임매매")
    KIS = "kis", _("한국투자증권")


class QueryNumber(models.TextChoices):
    REAL = "accNo", _("실계좌번호")
    VIRTUAL = "virtualAccNo", _("가상계좌번호")


class ForeignUnit(models.TextChoices):
    UNSTATED = "", _("미확인")
    KRW = "krw", _("원화")
    ROW = "row", _("해당 통화")


def single_asset_types() -> list[str]:
    return ["EQTY", "FUND", "ETC"]


class Firm(models.Model):
    """One securities firm. `short_name` is 증권사단축명, the URL segment of the Koscom gateway."""

    kind = models.CharField(_("종류"), max_length=8, choices=FirmKind.choices, default=FirmKind.KOSCOM)
    name = models.CharField(_("증권사"), max_length=64)
    short_name = models.SlugField(_("단축명"), max_length=32, unique=True)
    base_url = models.URLField(_("게이트웨이 주소"), blank=True)
    com_id = models.CharField(_("기관코드"), max_length=16, blank=True)
    srv_id = models.CharField(_("서비스코드"), max_length=24, blank=True)
    api_key = EncryptedTextField(_("API 키"), blank=True)
    api_secret = EncryptedTextField(_("API 비밀키"), blank=True)
    asset_types: models.JSONField[Any, Any] = models.JSONField(_("자산유형"), default=single_asset_types)
    query_number = models.CharField(
        _("조회 계좌번호"), max_length=16, choices=QueryNumber.choices, default=QueryNumber.REAL
    )
    foreign_unit = models.CharField(
        _("외화 행의 금액 단위"),
        max_length=4,
        choices=ForeignUnit.choices,
        default=ForeignUnit.UNSTATED,
        blank=True,
        help_text=_(
            "증권사가 외화 잔고를 원화로 주는지 해당 통화로 주는지 확인한 뒤에 정합니다. 미확인이면 합계에서 뺍니다."
        ),
    )
    daily_calls = models.PositiveIntegerField(_("하루 호출 한도"), default=50_000)
    range_limit_days = models.PositiveIntegerField(_("기간 조회 한도(일)"), null=True, blank=True)
    active = models.BooleanField(_("사용"), default=True)
    stopped_at = models.DateTimeField(_("중지 시각"), null=True, blank=True)
    stopped_reason = models.CharField(_("중지 사유"), max_length=200, blank=True)
    from_file = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("증권사")
        verbose_name_plural = _("증권사")
        ordering = ("short_name",)

    def __str__(self) -> str:
        return self.name


class ApiQuota(models.Model):
    """Calls made in one GMT day under one `com_id`, over all firms: the gateway counts so."""

    com_id = models.CharField(_("기관코드"), max_length=16)
    gmt_day = models.DateField(_("GMT 날짜"))
    calls = models.PositiveIntegerField(_("호출 수"), default=0)
    exhausted = models.BooleanField(_("한도 초과 응답"), default=False)

    class Meta:
        verbose_name = _("호출 한도")
        verbose_name_plural = _("호출 한도")
        constraints = (models.UniqueConstraint(fields=("com_id", "gmt_day"), name="quota_once_a_day"),)

    def __str__(self) -> str:
        return f"{self.com_id} {self.gmt_day}: {self.calls}"
