"""What a connection file declares -> rows, in one transaction; only what differs is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.db import models, transaction

from accounts import access, audit, clock
from accounts.gateway import GatewayRefused, refuse_shifted_clock
from accounts.masking import mask_number
from accounts.models import ClientAccount, ContractStatus, Firm, FirmKind, Role, User
from orders.models.connections import KisAccount, KisConnection
from portal.connection_file import KIS_FIRM, BadFile, Connections, FirmAccount, KisEntry, KoscomEntry, ManagerEntry
from portal.toml_lines import Lines

KIS_FIRM_NAME = "한국투자증권"
STAFF = {Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR}
_FIRM_COLUMNS = (
    *("name", "base_url", "com_id", "srv_id", "api_key", "api_secret", "asset_types", "query_number"),
    "daily_calls",
)
_CONNECTION_COLUMNS = ("environment", "rest_url", "ws_url", "app_key", "app_secret", "hts_id", "customer_type")
_COMPANY_COLUMNS = ("personal_sec_key", "mac_address", "phone_number", "ip_addr")

_Model = TypeVar("_Model", bound=models.Model)


@dataclass(slots=True)
class Declaration:
    """One reading of a file, as it becomes rows; `changes` is what a person is told, without secrets."""

    connections: Connections
    lines: Lines
    today: date
    changes: list[str] = field(default_factory=list)

    def apply(self) -> None:
        """Write all of it or nothing. Raises BadFile."""
        with transaction.atomic():
            for at, firm in enumerate(self.connections.koscom):
                self._firm(at, firm)
            for at, connection in enumerate(self.connections.kis):
                self._connection(at, connection)
            for at, person in enumerate(self.connections.manager):
                self._person(at, person)

    def _firm(self, at: int, entry: KoscomEntry) -> None:
        self._check_clock(("koscom", at, "base_url"), entry.base_url)
        firm = Firm.objects.filter(short_name=entry.short_name).first() or Firm(short_name=entry.short_name)
        self._write("firm", entry.short_name, firm, entry.model_dump(include=set(_FIRM_COLUMNS)))

    def _connection(self, at: int, entry: KisEntry) -> None:
        self._check_clock(("kis", at, "rest_url"), entry.rest_url)
        self._check_clock(("kis", at, "ws_url"), entry.ws_url)
        values = entry.model_dump(include=set(_CONNECTION_COLUMNS)) | {"requests_per_second": entry.pace}
        values |= {name: getattr(entry, name) or "" for name in _COMPANY_COLUMNS}
        connection = KisConnection.objects.filter(name=entry.name).first() or KisConnection(name=entry.name)
        self._write("connection", entry.name, connection, values)
        for account in entry.accounts:
            client = self._kis_account(at, connection, account.number)
            if account.twin:
                self._twin(at, client, account.twin)

    def _kis_account(self, at: int, connection: KisConnection, number: str) -> ClientAccount:
        firm, _ = Firm.objects.get_or_create(
            short_name=KIS_FIRM, defaults={"kind": FirmKind.KIS, "name": KIS_FIRM_NAME, "from_file": True}
        )
        client = self._account(firm, number, contract_status=ContractStatus.ACTIVE)
        held = KisAccount.objects.filter(account=client).select_related("connection").first()
        if held is None:
            KisAccount.objects.create(connection=connection, account=client, product=number[-2:])
            self._say("connection.account", f"account {client.masked_number} joins {connection.name}", client)
        elif held.connection_id != connection.pk:
            raise self._bad(("kis", at, "accounts"), f"{client.masked_number} belongs to {held.connection.name}")
        return client

    def _twin(self, at: int, client: ClientAccount, named: FirmAccount) -> None:
        twin = self._named(("kis", at, "accounts"), named)
        if client.twin_id == twin.pk:
            return
        taken = ClientAccount.objects.filter(twin=twin).exclude(pk=client.pk).first()
        if taken is not None:
            raise self._bad(("kis", at, "accounts"), f"{twin} is the twin of {taken} already")
        ClientAccount.objects.filter(pk=client.pk).update(twin=twin)
        self._say("account.twin", f"account {client}: twin is {twin}", client)

    def _person(self, at: int, entry: ManagerEntry) -> None:
        role = Role(entry.role)
        user = User.objects.filter(username=entry.username).first() or User(username=entry.username)
        is_new = user.pk is None
        if is_new:
            # Without a password nobody signs in before somebody sets one.
            user.set_password(entry.password)
        changed = self._write("user", entry.username, user, {"role": role, "is_staff": role in STAFF})
        if changed and not is_new:
            access.rights_changed(user.pk)
        for named in entry.accounts:
            account = self._named(("manager", at, "accounts"), named)
            if access.assign(user, account, self.today):
                self._say("assignment.added", f"{entry.username} is assigned {account}", account)

    def _named(self, loc: tuple[str, int, str], named: FirmAccount) -> ClientAccount:
        """The account that the file names; one at a Koscom firm may be named before its first sync."""
        firm = Firm.objects.filter(short_name=named.firm).first()
        if firm is None:
            raise self._bad(loc, f"no firm {named.firm!r}")
        if firm.kind == FirmKind.KOSCOM:
            return self._account(firm, named.number)
        found = ClientAccount.objects.with_number(named.number).filter(firm=firm).first()
        if found is None:
            raise self._bad(loc, f"no KIS connection has the account {mask_number(named.number)}")
        return found

    def _account(self, firm: Firm, number: str, **columns: Any) -> ClientAccount:
        found = ClientAccount.objects.with_number(number).filter(firm=firm).first()
        if found is not None:
            return found
        account = ClientAccount.objects.create(firm=firm, number=number, **columns)
        self._say("account.declared", f"account {account} is declared", account)
        return account

    def _write(self, kind: str, name: str, row: _Model, values: Mapping[str, Any]) -> bool:
        """Save the row when it is new or differs. True when it did."""
        if not isinstance(row, User):
            values = {**values, "from_file": True}
        differing = sorted(column for column, value in values.items() if getattr(row, column) != value)
        is_new = row.pk is None
        if not differing and not is_new:
            return False
        for column in differing:
            setattr(row, column, values[column])
        row.save()
        what = "created" if is_new else f"changed {', '.join(differing)}"
        self._say(f"{kind}.{'created' if is_new else 'changed'}", f"{kind} {name}: {what}")
        return True

    def _say(self, action: str, text: str, account: ClientAccount | None = None) -> None:
        self.changes.append(text)
        audit.record(audit.By.system("connect"), audit.Act(action, account=account, subject=text[:100]))

    def _check_clock(self, loc: tuple[str, int, str], url: str) -> None:
        try:
            refuse_shifted_clock(url)
        except GatewayRefused as refusal:
            raise self._bad(loc, f"{loc[2]}: {refusal}") from None

    def _bad(self, loc: tuple[str, int, str], reason: str) -> BadFile:
        return BadFile(self.lines.of(loc), reason)


def declare(connections: Connections, lines: Lines) -> list[str]:
    """Make the database say what the file says; what changed, a line each. Raises BadFile, and then nothing changed."""
    declaration = Declaration(connections, lines, clock.today().date())
    declaration.apply()
    return declaration.changes
