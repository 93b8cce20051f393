"""Engaging a switch, canceling what it covers, and releasing it with a second person.

The person confirms a list that was shown: its digest and the typed words come back with the request, and a list that
has changed since is shown anew instead. Each step and its audit row are one transaction.
"""

from orders.switching.engaging import (
    Confirmed,
    ListChanged,
    cancel_rest,
    confirmation,
    engage,
    preview,
    rest,
    target_of,
)
from orders.switching.person import Person
from orders.switching.releasing import ask_release, release

__all__ = [
    "Confirmed",
    "ListChanged",
    "Person",
    "ask_release",
    "cancel_rest",
    "confirmation",
    "engage",
    "preview",
    "release",
    "rest",
    "target_of",
]
