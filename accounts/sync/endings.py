"""How a step ends without its data, and what that means for the rest of its firm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import requests
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.koscom.codes import Reaction
from accounts.koscom.errors import KoscomError, ServiceError, WindowClosedError
from accounts.models import Firm, StepState
from accounts.sync import quota
from accounts.sync.datasets import AssetTypes

# After so many steps in a row without an answer the firm is left alone for the rest of this sync.
MOST_UNANSWERED = 2


@dataclass(frozen=True, slots=True)
class Ending:
    """The state a step gets, a short code, and the reason for people."""

    state: StepState
    code: str
    reason: str

    def columns(self) -> dict[str, object]:
        return {"state": self.state, "error_code": self.code[:32], "error": self.reason[:400]}


@dataclass(slots=True)
class Lane:
    """What one sync knows of one firm: its connections, its asset types, and why it is asked no more."""

    session: requests.Session
    types: AssetTypes
    unanswered: int = 0
    closed: Ending | None = None


def failed(code: str, reason: str) -> Ending:
    return Ending(StepState.FAILED, code, reason)


def internal() -> Ending:
    return failed("internal", _("포털 내부 오류입니다. 로그를 확인하세요."))


def firm_stopped(firm: Firm) -> Ending:
    return _stopped(firm.stopped_reason)


def cut_off(error: KoscomError) -> Ending | None:
    """The end of the whole sync, when it is our own window that closed."""
    if isinstance(error, WindowClosedError):
        return Ending(StepState.CUT_OFF, "window", str(error))
    return None


def ending_of(error: KoscomError, firm: Firm, lane: Lane, *, at: datetime) -> Ending:
    """What a gateway's error makes of the step; closes the firm's lane where the reaction is about all of it."""
    lane.unanswered = lane.unanswered + 1 if error.reaction is Reaction.BACK_OFF else 0
    ending = _ending(error)
    if error.reaction is Reaction.STOP_FIRM:
        stop(firm, str(error), at)
        lane.closed = _stopped(str(error))
    elif error.reaction is Reaction.QUOTA:
        quota.exhaust(firm, at)
        lane.closed = failed("quota", quota.exhausted_text())
    elif error.reaction is Reaction.WINDOW:
        lane.closed = ending
    elif lane.unanswered >= MOST_UNANSWERED:
        reason = _("증권사가 응답하지 않아 조회하지 않았습니다 (%(error)s).") % {"error": error}
        lane.closed = failed("unanswered", reason)
    return ending


def stop(firm: Firm, reason: str, at: datetime) -> None:
    """Ask this firm nothing more until a person releases it: another try could lock the account for good."""
    with transaction.atomic():
        stopped = Firm.objects.filter(pk=firm.pk, stopped_at=None)
        if stopped.update(stopped_at=at, stopped_reason=reason[:200]):
            act = audit.Act("firm.stopped", subject=firm.short_name, reason=reason[:200])
            audit.record(audit.By.system("sync"), act)


def release(firm: Firm, by: audit.By) -> bool:
    """Let a stopped firm be asked again. True when it was stopped."""
    with transaction.atomic():
        stopped = Firm.objects.filter(pk=firm.pk, stopped_at__isnull=False)
        released = bool(stopped.update(stopped_at=None, stopped_reason=""))
        if released:
            audit.record(by, audit.Act("firm.released", subject=firm.short_name))
    return released


def _stopped(reason: str) -> Ending:
    return failed("stopped", _("증권사가 중지되어 있습니다: %(reason)s") % {"reason": reason})


def _ending(error: KoscomError) -> Ending:
    code = error.code if isinstance(error, ServiceError) else type(error).__name__.removesuffix("Error")
    states = {Reaction.QUARANTINE: StepState.QUARANTINED, Reaction.WINDOW: StepState.CUT_OFF}
    reason = str(error)
    if isinstance(error, ServiceError) and not error.message:
        reason = _("HTTP %(status)s: 읽을 수 있는 사유가 없습니다.") % {"status": error.http_status}
    return Ending(states.get(error.reaction, StepState.FAILED), code, reason)
