"""What has to hold after every step, asked of the database's own tables and of the order engine's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from accounts import clock
from orders.domain.command_state import CANCEL_TTL, FINAL, MODIFY_TTL, CommandState
from orders.domain.resolution import ESCALATE_AFTER
from orders.models import CommandType, OrderCommand
from tests.orders.histories.world import World

# Each gives rows only where something is broken.
BROKEN = {
    "an order's totals are not the sums of its fills": """
        SELECT o.id FROM orders_order o LEFT JOIN orders_fill f ON f.order_id = o.id
        WHERE o.merged_into_id IS NULL GROUP BY o.id
        HAVING o.cum_qty <> COALESCE(SUM(f.last_qty), 0) OR o.cum_amount <> COALESCE(SUM(f.amount), 0)""",
    "an open order is not its fills and the rest": """
        SELECT id FROM orders_order WHERE status IN ('RESERVED', 'NEW', 'WORKING', 'PARTIALLY_FILLED')
        AND quantity_known AND cum_qty <= order_qty AND order_qty <> cum_qty + leaves_qty""",
    "an order is filled without being full": """
        SELECT id FROM orders_order WHERE status = 'FILLED' AND (cum_qty < order_qty OR leaves_qty <> 0)""",
    "two commands of one order are live": """
        SELECT order_id FROM orders_ordercommand
        WHERE state IN ('ACKED', 'UNKNOWN', 'ESCALATED')
        OR (state IN ('CREATED', 'READY', 'SENDING') AND supersedes_id IS NULL)
        GROUP BY order_id HAVING COUNT(*) > 1""",
    "a row was deleted": "SELECT what FROM gone",
    "a stream has a hole": """
        SELECT h.user_id, h.seq FROM accounts_streamhead h LEFT JOIN accounts_streamevent e ON e.user_id = h.user_id
        GROUP BY h.user_id HAVING h.seq <> COUNT(e.id) OR h.seq <> COALESCE(MAX(e.seq), 0)""",
    "a row of an old epoch came after a takeover": """
        SELECT a.id FROM orders_noticeframe a JOIN orders_noticeframe b ON b.id = a.id - 1 WHERE a.epoch < b.epoch""",
    "a fill is of another epoch than its frame": """
        SELECT f.id FROM orders_fill f JOIN orders_notice n ON n.id = f.notice_id
        JOIN orders_noticeframe w ON w.id = n.frame_id WHERE f.epoch <> w.epoch""",
    "a frame is applied without records": """
        SELECT n.id FROM orders_notice n WHERE n.state = 'received'""",
    "a gap and its reversal are not each other's opposite": """
        SELECT r.id FROM orders_fill r JOIN orders_fill f ON f.id = r.reverses_id
        WHERE r.last_qty <> -f.last_qty OR r.amount <> -f.amount""",
    "a command's state and its audit rows differ": """
        SELECT t.command, t.after, COUNT(*) FROM command_trail t
        WHERE t.id > %(trail)s AND t.before <> t.after
        GROUP BY t.command, t.after
        HAVING (SELECT COUNT(*) FROM command_trail u WHERE u.command = t.command AND u.after = t.after) <>
        (SELECT COUNT(*) FROM accounts_auditevent a WHERE REPLACE(a.subject, '-', '') = 'command ' || t.command
         AND a.action = 'command.' || CASE WHEN t.before = '' THEN 'created' ELSE LOWER(t.after) END)""",
    "an order's status changed without an event": """
        SELECT t."order", t.before, t.after FROM order_trail t WHERE t.id > %(orders)s AND NOT EXISTS (
        SELECT 1 FROM orders_ordereventrecord e WHERE e.order_id = t."order" AND e.status_after = t.after)
        AND NOT EXISTS (SELECT 1 FROM orders_order m WHERE m.id = t."order" AND m.merged_into_id IS NOT NULL)""",
    "a person was told of an account that is not theirs": """
        SELECT e.id FROM accounts_streamevent e WHERE e.id > %(events)s AND e.account_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM accounts_assignment a WHERE a.user_id = e.user_id AND a.account_id = e.account_id
        AND a.valid_from <= %(today)s AND (a.valid_to IS NULL OR a.valid_to >= %(today)s))""",
}
MOVES = "SELECT command, before, after FROM command_trail WHERE id > %(trail)s ORDER BY id"
NUMBERS = "SELECT number FROM orders_ordernumber WHERE order_id = %(order)s"
STANDING_GAPS = """
    SELECT g.id FROM orders_fill g WHERE g.order_id = %(order)s AND g.source = 'gap'
    AND NOT EXISTS (SELECT 1 FROM orders_fill r WHERE r.reverses_id = g.id)"""
FIGURES = "SELECT source, last_qty / 1000000, key FROM orders_fill WHERE order_id = %(order)s ORDER BY id"
OVERFULL = "SELECT id FROM orders_order WHERE cum_qty > order_qty AND quantity_known"
UNANSWERED = frozenset({CommandState.UNKNOWN, CommandState.ESCALATED, CommandState.ACKED})


def _rows(sql: str, marks: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, marks)
        return list(cursor.fetchall())


@dataclass
class Invariants:
    """Checks after each step; remembers how far the trails were read."""

    world: World
    trail: int = 0
    orders: int = 0
    events: int = 0
    seen: int = 0
    sent: Counter[str] = field(default_factory=Counter)

    def check(self) -> None:
        """Raises AssertionError with the invariant that is broken."""
        today = clock.today().date()
        marks = {"trail": self.trail, "orders": self.orders, "events": self.events, "today": today}
        for text, sql in BROKEN.items():
            broken = _rows(sql, {name: mark for name, mark in marks.items() if f"%({name})s" in sql})
            assert not broken, f"{text}: {broken}"
        self._commands()
        self._journal()
        self._fullness()
        self._sends()
        self._remember()

    def _commands(self) -> None:
        moves = _rows(MOVES, {"trail": self.trail})
        for command, before, after in moves:
            assert before not in FINAL, f"command {command} went from {before} to {after}"
            if before in UNANSWERED:
                _evidenced(OrderCommand.objects.get(pk=command), CommandState(after))

    def _journal(self) -> None:
        [(count,)] = _rows("SELECT COUNT(*) FROM orders_noticeframe")
        assert count == len(self.world.journal), f"{count} frames are kept of {len(self.world.journal)}"

    def _fullness(self) -> None:
        for (order,) in _rows(OVERFULL):
            assert _explained(self.world, order), f"order {order} is more than full"

    def _sends(self) -> None:
        for reached in self.world.broker.reached[self.seen :]:
            self.sent[reached.uid] += 1
            assert reached.uid, "a request without its id"
            assert self.sent[reached.uid] == 1, f"the order engine got {reached.uid} twice"
            command = OrderCommand.objects.get(gt_uid=reached.uid)
            limit = CANCEL_TTL if command.type == CommandType.CANCEL else MODIFY_TTL
            assert reached.at - command.created_at < limit, f"{command.type} was sent too late"

    def _remember(self) -> None:
        self.seen = len(self.world.broker.reached)
        [(self.trail, self.orders, self.events)] = _rows("""
            SELECT (SELECT COALESCE(MAX(id), 0) FROM command_trail), (SELECT COALESCE(MAX(id), 0) FROM order_trail),
            (SELECT COALESCE(MAX(id), 0) FROM accounts_streamevent)""")


def _evidenced(command: OrderCommand, after: CommandState) -> None:
    if after is CommandState.SUPERSEDED:
        assert OrderCommand.objects.filter(supersedes=command).exists(), "superseded by nothing"
        return
    assert command.evidence, f"command {command.pk} is {after} without evidence"
    if after is CommandState.ESCALATED:
        waited = clock.now() - (command.sent_at or command.created_at)
        assert waited >= ESCALATE_AFTER - timedelta(seconds=1), f"escalated after {waited}"


def _explained(world: World, order_id: int) -> bool:
    """A frame told twice, or a gap filled before its notice came: the books say so, and quiet has to settle it."""
    numbers = {number for (number,) in _rows(NUMBERS, {"order": order_id})}
    if numbers & (world.doubled | world.retold):
        return True
    return bool(_rows(STANDING_GAPS, {"order": order_id}))


def figures(order_id: int) -> str:
    """An order's fills, for the report of a failure."""
    return json.dumps(_rows(FIGURES, {"order": order_id}), ensure_ascii=False)
