"""Market hours, exceptional days and suspensions as rows with effective dates: staff keep them, the code reads them."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.domain.events import Market


class MarketHours(models.Model):
    """One session of a market, in Korean wall-clock time. `closes` at or before `opens` is on the next day.

    A row with a `default_key` came with the program and follows its upgrades until a person edits it.
    """

    market = models.CharField(_("시장"), max_length=16)
    exchanges = models.CharField(_("거래소"), max_length=80, blank=True, help_text=_("쉼표로 구분. 비우면 시장 전체."))
    name = models.CharField(_("세션"), max_length=32)
    opens = models.TimeField(_("시작"))
    closes = models.TimeField(_("종료"))
    next_day = models.BooleanField(_("다음 날"), default=False, help_text=_("기준일 다음 날에 열리는 세션."))
    calendar = models.CharField(_("휴장 달력"), max_length=16)
    us_summer = models.BooleanField(_("미국 서머타임"), null=True, blank=True, help_text=_("모름: 연중 같음."))
    pause_from = models.TimeField(_("중단 시작"), null=True, blank=True)
    pause_to = models.TimeField(_("중단 종료"), null=True, blank=True)
    valid_from = models.DateField(_("적용 시작"), null=True, blank=True)
    valid_to = models.DateField(_("적용 종료"), null=True, blank=True)
    note = models.CharField(_("메모"), max_length=200, blank=True)
    default_key = models.CharField(max_length=80, unique=True, null=True, editable=False)  # noqa: DJ001 - null: staff's own row
    edited = models.BooleanField(_("직접 수정"), default=False, editable=False)
    updated_at = models.DateTimeField(_("수정"), auto_now=True)

    class Meta:
        verbose_name = _("장 운영시간")
        verbose_name_plural = _("장 운영시간")
        ordering = ("market", "exchanges", "opens", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(opens=F("closes")), name="market_hours_have_a_length"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_from__lte=F("valid_to")),
                name="market_hours_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(pause_from=None, pause_to=None) | Q(pause_from__lt=F("pause_to")),
                name="market_hours_pause_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.market} {self.exchanges} {self.name}".replace("  ", " ")

    @property
    def exchange_codes(self) -> frozenset[str]:
        return frozenset(code.strip().upper() for code in self.exchanges.split(",") if code.strip())

    def clean(self) -> None:
        if self.opens is None or self.closes is None:  # refused field by field already
            return
        self._check_pause()
        twins = MarketHours.objects.filter(market=self.market).exclude(pk=self.pk)
        clashing = next((row for row in twins if self._clashes_with(row)), None)
        if clashing is not None:
            raise ValidationError(_("같은 때에 다른 세션이 있습니다: %(other)s") % {"other": clashing}, code="overlap")

    def _check_pause(self) -> None:
        if (self.pause_from is None) != (self.pause_to is None):
            raise ValidationError({"pause_to": _("중단의 시작과 종료를 함께 적어야 합니다.")})
        if self.pause_from is None or self.pause_to is None:
            return
        if self.pause_from >= self.pause_to:
            raise ValidationError({"pause_to": _("중단은 시작한 뒤에 끝나야 합니다.")})
        if self.opens < self.closes and not (self.opens <= self.pause_from and self.pause_to <= self.closes):
            raise ValidationError({"pause_from": _("중단은 세션 안에 있어야 합니다.")})

    def _clashes_with(self, other: MarketHours) -> bool:
        return (
            _share(self.exchange_codes, other.exchange_codes)
            and (self.us_summer is None or other.us_summer is None or self.us_summer == other.us_summer)
            and _first(self.valid_from) <= _last(other.valid_to)
            and _first(other.valid_from) <= _last(self.valid_to)
            and self._overlaps(other)
        )

    def _overlaps(self, other: MarketHours) -> bool:
        start, end = self._minutes()
        first, last = other._minutes()
        return start < last and first < end

    def _minutes(self) -> tuple[int, int]:
        """From the midnight of the day that the row is about."""
        start = self.opens.hour * 60 + self.opens.minute + (1440 if self.next_day else 0)
        end = self.closes.hour * 60 + self.closes.minute + (1440 if self.next_day else 0)
        return start, end if self.closes > self.opens else end + 1440


class MarketDay(models.Model):
    """A day on which a calendar differs from the published holidays: closed for once, or open after all."""

    calendar = models.CharField(_("휴장 달력"), max_length=16)
    day = models.DateField(_("날짜"))
    is_open = models.BooleanField(_("개장"), default=False)
    note = models.CharField(_("메모"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("수정"), auto_now=True)

    class Meta:
        verbose_name = _("휴장일 예외")
        verbose_name_plural = _("휴장일 예외")
        ordering = ("-day", "calendar")
        constraints = (models.UniqueConstraint(fields=("calendar", "day"), name="market_day_once"),)

    def __str__(self) -> str:
        return f"{self.calendar} {self.day}"

    def clean(self) -> None:
        if self.is_open and self.day is not None and self.day.weekday() > 4:
            raise ValidationError({"is_open": _("주말은 개장일로 바꿀 수 없습니다.")})


class MarketSuspension(models.Model):
    """A market that takes no orders from one date on: US daytime trading has stopped for a year before."""

    market = models.CharField(_("시장"), max_length=16, default=Market.US_DAYTIME.value)
    starts_on = models.DateField(_("중단 시작일"))
    ends_on = models.DateField(_("중단 마지막 날"), null=True, blank=True)
    note = models.CharField(_("메모"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("수정"), auto_now=True)

    class Meta:
        verbose_name = _("거래 중단")
        verbose_name_plural = _("거래 중단")
        ordering = ("-starts_on", "market")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")), name="market_suspension_dates_in_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.market} {self.starts_on}"


def _share(mine: frozenset[str], other: frozenset[str]) -> bool:
    return not mine or not other or bool(mine & other)


def _first(day: date | None) -> date:
    return day or date.min


def _last(day: date | None) -> date:
    return day or date.max
