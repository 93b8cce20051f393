"""Canceling many orders at once: N single commands with N outcomes, worked by threads of this process.

Not a queue's task: a message delivered twice would ask twice. A row is taken by a conditional update before it is
asked for, and its command has the row's own key, so that however often it is asked there is one command. What a process
that died has left is never sent by itself: a person asks anew.
"""

from orders.batches.news import news_of, visible
from orders.batches.recording import Key, Selection, cancel_selected, most_rows, of_kill, selected
from orders.batches.working import give_up_abandoned, start, work

__all__ = [
    "Key",
    "Selection",
    "cancel_selected",
    "give_up_abandoned",
    "most_rows",
    "news_of",
    "of_kill",
    "selected",
    "start",
    "visible",
    "work",
]
