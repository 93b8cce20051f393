"""Switches that hold the desk back: what is engaged for whom, by whom, since when and why, and who let it go again.

A kill switch stops modifies; sending off stops every send. Neither is ever deleted: a switch that was let go stays as
the record of what it was.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ClientAccount
from orders.domain.events import Market

RELEASE_REQUEST_LASTS = timedelta(minutes=10)


class SwitchKind(models.TextChoices):
    KILL = "kill", _("킬 스위치")
    SENDING_OFF = "sending_off", _("주문 전송 중지")


class SwitchScope(models.TextChoices):
    ALL = "all", _("전체")
    MANAGER = "manager", _("운용역")
    ACCOUNT = "account", _("계좌")
    MARKET = "market", _("시장")


class MarketGroup(models.TextChoices):
    """A market as a desk speaks of it: its sessions and its reservations belong together."""

    KRX = "KRX", _("국내주식")
    US = "US", _("미국주식")
    ASIA = "ASIA", _("아시아주식")
    FO = "FO", _("국내파생")

    @property
    def markets(self) -> tuple[str, ...]:
        return tuple(market.value for market in _MARKETS[self])


_MARKETS: dict[MarketGroup, tuple[Market, ...]] = {
    MarketGroup.KRX: (Market.KRX,),
    MarketGroup.US: (Market.US, Market.US_DAYTIME, Market.US_RESERVED),
    MarketGroup.ASIA: (Market.ASIA, Market.ASIA_RESERVED),
    MarketGroup.FO: (Market.FO_DAY, Market.FO_NIGHT),
}


def group_of(market: str) -> MarketGroup:
    """The group that an order's market belongs to."""
    return next(group for group, markets in _MARKETS.items() if market in markets)


class SwitchLevel(models.TextChoices):
    """From how high a switch was engaged: what the desk holds is not released by the managers that it holds back."""

    MANAGER = "manager", _("운용역")
    DESK = "desk", _("운영")


class SwitchQuerySet(models.QuerySet["Switch"]):
    def engaged(self) -> SwitchQuerySet:
        return self.filter(released_at=None)


class Switch(models.Model):
    """One engaging of a switch. At most one of a kind is engaged for one scope and target from one level at a time."""

    kind = models.CharField(_("종류"), max_length=12, choices=SwitchKind.choices)
    scope = models.CharField(_("범위"), max_length=8, choices=SwitchScope.choices)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("대상 운용역"),
    )
    account = models.ForeignKey(
        ClientAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("대상 계좌")
    )
    market = models.CharField(_("대상 시장"), max_length=8, choices=MarketGroup.choices, blank=True)
    level = models.CharField(_("수준"), max_length=8, choices=SwitchLevel.choices, default=SwitchLevel.DESK)
    reason = models.CharField(_("사유"), max_length=200)
    intent = models.UUIDField(_("의도 키"), default=uuid.uuid4)
    engaged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("가동한 사람")
    )
    engaged_at = models.DateTimeField(_("가동"))
    release_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("해제 요청자"),
    )
    release_asked_at = models.DateTimeField(_("해제 요청"), null=True, blank=True)
    release_reason = models.CharField(_("해제 사유"), max_length=200, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("해제 승인자"),
    )
    released_at = models.DateTimeField(_("해제"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[models.Manager[Switch]] = SwitchQuerySet.as_manager()

    class Meta:
        verbose_name = _("주문 스위치")
        verbose_name_plural = _("주문 스위치")
        ordering = ("-engaged_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(scope="all", manager=None, account=None, market="")
                | Q(scope="manager", manager__isnull=False, account=None, market="")
                | Q(scope="account", manager=None, account__isnull=False, market="")
                | (Q(scope="market", manager=None, account=None) & ~Q(market="")),
                name="switch_target_fits_scope",
            ),
            models.CheckConstraint(
                condition=Q(released_by=None, released_at=None)
                | (
                    Q(released_by__isnull=False, released_at__isnull=False, release_asked_by__isnull=False)
                    & ~Q(released_by=F("release_asked_by"))
                ),
                name="switch_released_by_a_second_person",
            ),
            models.UniqueConstraint(fields=("engaged_by", "intent"), name="switch_intent_once"),
            models.UniqueConstraint(
                fields=("kind", "level"), condition=Q(scope="all", released_at=None), name="one_engaged_for_all"
            ),
            models.UniqueConstraint(
                fields=("kind", "level", "manager"),
                condition=Q(scope="manager", released_at=None),
                name="one_engaged_a_manager",
            ),
            models.UniqueConstraint(
                fields=("kind", "level", "account"),
                condition=Q(scope="account", released_at=None),
                name="one_engaged_an_account",
            ),
            models.UniqueConstraint(
                fields=("kind", "level", "market"),
                condition=Q(scope="market", released_at=None),
                name="one_engaged_a_market",
            ),
        )
        indexes = (models.Index(fields=("released_at", "kind")),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_engaged(self) -> bool:
        return self.released_at is None

    def release_is_asked(self, at: datetime) -> bool:
        """Whether a request for release stands: it lapses after ten minutes."""
        return (
            self.is_engaged and self.release_asked_at is not None and at - self.release_asked_at < RELEASE_REQUEST_LASTS
        )


class Rehearsal(models.Model):
    """One day's proof that the kill switch's lists are what the broker has open. Nothing is sent by it."""

    day = models.DateField(_("날짜"), unique=True)
    started_at = models.DateTimeField(_("시작"))
    finished_at = models.DateTimeField(_("끝"), null=True, blank=True)
    accounts = models.PositiveIntegerField(_("계좌"), default=0)
    orders = models.PositiveIntegerField(_("미체결 주문"), default=0)
    scopes: models.JSONField[Any, Any] = models.JSONField(_("범위별 건수"), default=list)
    differences: models.JSONField[Any, Any] = models.JSONField(_("차이"), default=list)
    digest = models.CharField(_("다이제스트"), max_length=64, blank=True)
    matched = models.BooleanField(_("일치"), null=True)

    class Meta:
        verbose_name = _("킬 스위치 연습")
        verbose_name_plural = _("킬 스위치 연습")
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day}"

    @property
    def took(self) -> timedelta | None:
        return None if self.finished_at is None else self.finished_at - self.started_at


class RehearsalSchedule(models.Model):
    """When the day's rehearsal starts, in Korean time: one row, which the dispatcher reads each minute."""

    starts_at = models.TimeField(_("시작 시각(KST)"))
    enabled = models.BooleanField(_("사용"), default=True)

    class Meta:
        verbose_name = _("킬 스위치 연습 일정")
        verbose_name_plural = _("킬 스위치 연습 일정")

    def __str__(self) -> str:
        return f"{self.starts_at:%H:%M}"
