"""Unknown outcomes and missed fills, settled from the broker's own lists.

The resolver asks for every command that waits for evidence, on a schedule that no retry count ends; the sweep reads the
lists of whole accounts; a person may ask out of turn. All of them may run in several processes: a due command is taken
by a conditional update, and one inquiry of an account serves every command that waits for it.
"""

from orders.reconciliation.asking import Asked, TooSoon, ask_now
from orders.reconciliation.judging import settle
from orders.reconciliation.recovering import recover
from orders.reconciliation.resolving import Resolver, resolve_due
from orders.reconciliation.sweeping import Break, sweep

__all__ = [
    "Asked",
    "Break",
    "Resolver",
    "TooSoon",
    "ask_now",
    "recover",
    "resolve_due",
    "settle",
    "sweep",
]
