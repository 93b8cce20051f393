"""Market sessions and what they allow, with the reason. Hours are rows with effective dates, never constants."""

from orders.domain.sessions.hours import HOURS, NEW_YORK, SEOUL, Calendar, Hours, is_us_summer
from orders.domain.sessions.questions import (
    Act,
    Action,
    Allowed,
    NotAllowed,
    Offer,
    Offered,
    Question,
    Reason,
    refusal,
)
from orders.domain.sessions.table import Session, Sessions

__all__ = [
    "HOURS",
    "NEW_YORK",
    "SEOUL",
    "Act",
    "Action",
    "Allowed",
    "Calendar",
    "Hours",
    "NotAllowed",
    "Offer",
    "Offered",
    "Question",
    "Reason",
    "Session",
    "Sessions",
    "is_us_summer",
    "refusal",
]
