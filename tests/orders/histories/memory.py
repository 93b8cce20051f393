"""A database in memory that a history has for itself, put back to its beginning in a millisecond.

Commits are real ones: a history runs outside any transaction of the test's own. Triggers keep a trail of every state
that a command or an order ever had, so that a check after a step sees what happened inside of it.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from accounts import access, broadcast
from accounts.models import ClientAccount, ContractStatus, Firm, FirmKind, Role, User
from orders.models import KisAccount, KisConnection, KisToken, StreamLease

TRAILS = """
CREATE TABLE command_trail (id INTEGER PRIMARY KEY, command TEXT, before TEXT, after TEXT);
CREATE TABLE order_trail (id INTEGER PRIMARY KEY, "order" INTEGER, before TEXT, after TEXT);
CREATE TABLE gone (what TEXT);
CREATE TRIGGER trail_new AFTER INSERT ON orders_ordercommand
BEGIN INSERT INTO command_trail (command, before, after) VALUES (new.id, '', new.state); END;
CREATE TRIGGER trail_move AFTER UPDATE OF state ON orders_ordercommand WHEN old.state <> new.state
BEGIN INSERT INTO command_trail (command, before, after) VALUES (new.id, old.state, new.state); END;
CREATE TRIGGER trail_order AFTER UPDATE OF status ON orders_order WHEN old.status <> new.status
BEGIN INSERT INTO order_trail ("order", before, after) VALUES (new.id, old.status, new.status); END;
"""
GONE = "CREATE TRIGGER gone_TABLE AFTER DELETE ON TABLE BEGIN INSERT INTO gone VALUES ('TABLE'); END"
KEPT_FOR_GOOD = ("orders_noticeframe", "orders_notice", "orders_fill", "orders_order", "orders_ordercommand")


@dataclass(frozen=True, slots=True)
class Memory:
    """The database, and what it holds at the beginning of every history."""

    wrapper: DatabaseWrapper
    beginning: bytes

    def reset(self) -> None:
        connection: sqlite3.Connection = self.wrapper.connection
        connection.deserialize(self.beginning)


@contextmanager
def memory_database() -> Iterator[Memory]:
    """The tables of the test database, in memory, with a desk; `django.db.connection` leads there meanwhile."""
    default = connections["default"]
    wrapper = DatabaseWrapper({**default.settings_dict, "NAME": ":memory:"}, "default")
    wrapper.ensure_connection()
    with sqlite3.connect(default.settings_dict["NAME"]) as tables:
        tables.backup(wrapper.connection)
    tables.close()
    connections["default"] = wrapper
    try:
        _desk()
        wrapper.connection.executescript(TRAILS)
        for table in KEPT_FOR_GOOD:
            wrapper.connection.execute(GONE.replace("TABLE", table))
        gc.collect()
        gc.freeze()  # the models and tables of Django are not looked at again and again for a million steps
        yield Memory(wrapper, _without_wal(wrapper.connection.serialize()))
    finally:
        gc.unfreeze()
        connections["default"] = default
        wrapper.connection.close()


def _without_wal(database: bytes) -> bytes:
    """The file's header says write-ahead log (bytes 18 and 19), which a database in memory cannot have."""
    return database[:18] + b"\x01\x01" + database[20:]


def _desk() -> None:
    """Two accounts of one app key; kim has both, lee the second. A corporate customer: its requests carry an id."""
    firm = Firm.objects.create(kind=FirmKind.KIS, name="한국투자증권", short_name="kis")
    connection = KisConnection.objects.create(
        name="desk-1",
        rest_url="http://127.0.0.1:9",
        ws_url="ws://127.0.0.1:9",
        app_key="k",
        app_secret="s",
        hts_id="desk01",
        customer_type="B",
        personal_sec_key="p",
        mac_address="m",
        phone_number="n",
        ip_addr="i",
        requests_per_second=10_000,
    )
    KisToken.objects.create(connection=connection, access_token="token", expires_at=_far_away())
    StreamLease.objects.create(connection=connection)
    kim, lee = (User.objects.create_user(name, password=None, role=Role.MANAGER) for name in ("kim", "lee"))
    for number, people in (("12345678-01", [kim]), ("87654321-01", [kim, lee])):
        account = ClientAccount.objects.create(firm=firm, number=number, contract_status=ContractStatus.ACTIVE)
        KisAccount.objects.create(connection=connection, account=account, product="01")
        for person in people:
            access.assign(person, account, date(2020, 1, 1))
    for person in (kim, lee):
        broadcast.head_of(person)


def _far_away() -> datetime:
    return datetime(2099, 1, 1, tzinfo=UTC)
