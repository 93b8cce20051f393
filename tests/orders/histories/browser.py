"""A person's browser: a snapshot, then events by number; what it shows has to be what the database holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts import access, broadcast
from accounts.models import StreamEvent, User
from orders.models import Order
from orders.serializers import order_row, with_row

SHOWN = (
    "id",
    "account",
    "market",
    "order_ids",
    "reserved_id",
    "order_qty",
    "cum_qty",
    "leaves_qty",
    "price",
    "avg_px",
    "status",
    "status_text",
    "reason",
    "merged_into",
    "version",
)


@dataclass
class Browser:
    """`rows` by order id, `epoch` and `seq` of the newest event that it has."""

    user: User
    epoch: str = ""
    seq: int = 0
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    resyncs: int = 0

    def load(self) -> None:
        """Head first, then rows."""
        head = broadcast.head_of(self.user)
        self.epoch, self.seq = str(head.epoch), head.seq
        self.rows = {str(row["id"]): row for row in self.listed()}

    def listed(self) -> list[dict[str, Any]]:
        """What the list of orders gives this person now, in the database's own words."""
        mine = Order.objects.filter(account__in=access.visible_accounts(self.user)).shown()
        return [shown(order_row(order, self.user)) for order in with_row(mine)]

    def follow(self) -> list[StreamEvent]:
        """Take what is new, in the order of its numbers. Raises AssertionError for a hole."""
        events = broadcast.events_after(self.user, self.epoch, self.seq)
        if events is None:
            self.resyncs += 1
            self.load()
            return []
        for event in events:
            assert event.seq == self.seq + 1, f"{self.user}: event {event.seq} follows on {self.seq}"
            self.seq = event.seq
            if event.entity == "order":
                self._take(event)
        return events

    def _take(self, event: StreamEvent) -> None:
        known = self.rows.get(event.entity_id)
        if known is not None and known["version"] >= event.version:
            return
        if event.row["merged_into"] is not None:
            self.rows.pop(event.entity_id, None)
        else:
            self.rows[event.entity_id] = shown(event.row)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that stand still while nothing happens; buttons and ages move with the clock."""
    command = row["command"]
    told = {"command": None if command is None else (command["id"], command["state"])}
    return {**{name: row[name] for name in SHOWN}, **told}
