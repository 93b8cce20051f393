"""The append-only trail. A row is written in the transaction of what it records, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.http import HttpRequest

from accounts import clock
from accounts.models import AuditEvent, ClientAccount, User

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS audit_no_{verb} BEFORE {verb} ON accounts_auditevent
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER audit_no_{verb} BEFORE {verb} ON accounts_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
"""
_VERBS = ("UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was done: `subject` names it ("order 12"), `detail` holds no secret and no full number."""

    action: str
    account: ClientAccount | None = None
    subject: str = ""
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class By:
    """Who did it: a person from an address, or a part of the system by name."""

    user: User | None
    name: str
    address: str | None = None

    @classmethod
    def request(cls, request: HttpRequest) -> By:
        user = request.user if isinstance(request.user, User) else None
        return cls(user, user.get_username() if user else "anonymous", request.META.get("REMOTE_ADDR") or None)

    @classmethod
    def system(cls, name: str) -> By:
        return cls(None, name)


def record(by: By, act: Act) -> AuditEvent:
    """Add one row. Must be called inside `atomic`, together with what it records."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit rows belong to the transaction of what they record")
    return AuditEvent.objects.create(
        at=clock.now(),
        actor=by.user,
        actor_name=by.name,
        address=by.address,
        action=act.action,
        account=act.account,
        subject=act.subject,
        reason=act.reason,
        detail=act.detail,
    )


def install_triggers(using: str = DEFAULT_DB_ALIAS) -> None:
    """Make the database itself refuse UPDATE and DELETE of audit rows."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
        for verb in _VERBS:
            cursor.execute((_POSTGRES if connection.vendor == "postgresql" else _SQLITE).format(verb=verb))


def drop_triggers(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the refusal away: only for undoing the migration that laid it."""
    connection = connections[using]
    table = " ON accounts_auditevent" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for verb in _VERBS:
            cursor.execute(f"DROP TRIGGER IF EXISTS audit_no_{verb}{table}")
