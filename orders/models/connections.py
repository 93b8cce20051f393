"""KIS app keys: where they connect, their accounts, the shared token, the shared pace, and who holds the stream."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models import ClientAccount


class Environment(models.TextChoices):
    LIVE = "live", _("실전")
    PAPER = "paper", _("모의")


class CustomerType(models.TextChoices):
    PERSONAL = "P", _("개인")
    BUSINESS = "B", _("법인")


class KisConnection(models.Model):
    """One KIS app key. `environment` picks the TR table; a simulator is reached by its address alone."""

    name = models.SlugField(_("이름"), max_length=32, unique=True)
    environment = models.CharField(_("환경"), max_length=8, choices=Environment.choices, default=Environment.LIVE)
    rest_url = models.URLField(_("REST 주소"))
    ws_url = models.CharField(_("웹소켓 주소"), max_length=200)
    app_key = EncryptedTextField(_("앱키"))
    app_secret = EncryptedTextField(_("앱시크릿"))
    hts_id = EncryptedTextField(_("HTS ID"))
    customer_type = models.CharField(
        _("고객 구분"), max_length=1, choices=CustomerType.choices, default=CustomerType.PERSONAL
    )
    personal_sec_key = EncryptedTextField(_("법인 personalseckey"), blank=True)
    mac_address = EncryptedTextField(_("MAC 주소"), blank=True)
    phone_number = EncryptedTextField(_("전화번호"), blank=True)
    ip_addr = EncryptedTextField(_("IP 주소"), blank=True)
    requests_per_second = models.PositiveSmallIntegerField(_("초당 요청"), default=18)
    daytime_cancel_sends_zero_price = models.BooleanField(
        _("주간거래 취소 단가를 0으로"), default=True, help_text=_("끄면 원주문 단가를 보냅니다.")
    )
    egw_refusals_prove = models.BooleanField(
        _("EGW 거절을 미체결 증거로"),
        default=False,
        help_text=_(
            "EGW00121·00123·00201 응답을 '주문이 실행되지 않음'으로 봅니다. KIS의 확인을 받은 뒤에만 켜십시오."
        ),
    )
    active = models.BooleanField(_("사용"), default=True)
    from_file = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("KIS 연결")
        verbose_name_plural = _("KIS 연결")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_paper(self) -> bool:
        return self.environment == Environment.PAPER


class KisAccount(models.Model):
    """A client account that this app key trades: CANO (8 digits) and product (2)."""

    connection = models.ForeignKey(KisConnection, on_delete=models.PROTECT, related_name="kis_accounts")
    account = models.OneToOneField(ClientAccount, on_delete=models.PROTECT, related_name="kis")
    product = models.CharField(_("상품코드"), max_length=2)
    last_inquired_at = models.DateTimeField(_("최근 조회"), null=True, blank=True)
    inquiry_error = models.CharField(_("조회 오류"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("KIS 계좌")
        verbose_name_plural = _("KIS 계좌")

    def __str__(self) -> str:
        return str(self.account)

    @property
    def cano(self) -> str:
        return str(self.account.number).split("-")[0]


class KisToken(models.Model):
    """The one access token of an app key, shared by all processes: KIS issues one a minute and one a day."""

    connection = models.OneToOneField(KisConnection, on_delete=models.CASCADE, primary_key=True, related_name="token")
    access_token = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField(_("만료"), null=True)
    asked_at = models.DateTimeField(_("최근 요청"), null=True)

    class Meta:
        verbose_name = _("접근토큰")
        verbose_name_plural = _("접근토큰")

    def __str__(self) -> str:
        return str(self.connection)


class RequestPace(models.Model):
    """The places that an app key's requests took within the last second: one row that every process moves on."""

    connection = models.OneToOneField(KisConnection, on_delete=models.CASCADE, primary_key=True, related_name="pace")
    taken: models.JSONField[Any, Any] = models.JSONField(default=list)  # [moment, kind], in order of time
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("요청 간격")
        verbose_name_plural = _("요청 간격")

    def __str__(self) -> str:
        return str(self.connection)


class StreamLease(models.Model):
    """Who runs an app key's notice stream. The epoch grows with each session and marks every row that one writes.

    `tenure` is the epoch with which the present holder began. `slot_free_at` is when the broker may be asked for a
    session again, whoever asks; `held` counts how often in a row the broker said that the app key is in use.
    """

    connection = models.OneToOneField(KisConnection, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    epoch = models.BigIntegerField(_("회차"), default=0)
    holder = models.CharField(_("보유"), max_length=64, blank=True)
    expires_at = models.DateTimeField(_("만료"), null=True)
    tenure = models.BigIntegerField(default=0, editable=False)
    slot_free_at = models.DateTimeField(_("다음 접속"), null=True, blank=True)
    held = models.PositiveIntegerField(default=0, editable=False)
    open_swept_at = models.DateTimeField(_("미체결 조회"), null=True, blank=True)
    all_swept_at = models.DateTimeField(_("전체 조회"), null=True, blank=True)

    class Meta:
        verbose_name = _("스트림 임대")
        verbose_name_plural = _("스트림 임대")

    def __str__(self) -> str:
        return f"{self.connection} {self.epoch}"
