"""Cancel and modify: record the intent, check, claim, send once, record the outcome.

The promise is at most one send, then evidence. Each step commits before the next begins, so that a crash leaves a state
that says what may have happened: from SENDING on nobody sends again, and only evidence moves the command. The order's
own status is never touched here.
"""

from orders.commands.intents import submit
from orders.commands.request import CommandError, CommandRequest, Conflict, NotPermitted, NotVisible, Refused

__all__ = ["CommandError", "CommandRequest", "Conflict", "NotPermitted", "NotVisible", "Refused", "submit"]
