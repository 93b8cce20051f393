"""A desk for the tests of orders: one manager, one app key, a stock and a derivatives account, and a notice journal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from accounts import access
from accounts.models import ClientAccount, ContractStatus, Firm, FirmKind, Role, User
from orders.executions import Journal, record_notice
from orders.kis.crypto import NoticeCipher
from orders.kis.frames import parse
from orders.kis.protocol import NoticeReceived
from orders.models import KisAccount, KisConnection, Notice, StreamLease

DATA = Path(__file__).parent.parent / "data" / "kis"
KEY, IV = "abcdefghijklmnopabcdefghijklmnop", "0123456789abcdef"
NIGHT = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)  # 20:25 in Korea, a Friday


@dataclass
class Desk:
    manager: User
    connection: KisConnection
    stock: ClientAccount
    derivatives: ClientAccount
    epoch: int = 1
    sent: int = 0
    cipher: NoticeCipher = field(default_factory=lambda: NoticeCipher(KEY, IV))

    def raw(self, tr_id: str, *plaintexts: str) -> bytes:
        payload = self.cipher.encrypt("^".join(plaintexts))
        return f"1|{tr_id}|{len(plaintexts):03d}|{payload}".encode()

    def receive(self, raw: bytes, at: datetime = NIGHT, cipher: NoticeCipher | None = None) -> list[Notice]:
        self.sent += 1
        received = NoticeReceived(raw, parse(raw), cipher or self.cipher)  # type: ignore[arg-type]  # data frames only
        return record_notice(Journal(self.connection.pk, self.epoch), self.sent, received, at)

    def notice(self, tr_id: str, plaintext: str, at: datetime = NIGHT) -> Notice:
        return self.receive(self.raw(tr_id, plaintext), at)[0]


def overseas(**changes: str) -> str:
    """An overseas notice of 25 columns: a US order of 10 SNDK at 1827.00, accepted, unless changed."""
    columns = {
        "CUST_ID": "desk01",
        "ACNT_NO": "12345678",
        "ODER_NO": "3567",
        "OODER_NO": "",
        "SELN_BYOV_CLS": "02",
        "RCTF_CLS": "0",
        "ODER_KIND2": "2",
        "STCK_SHRN_ISCD": "SNDK",
        "CNTG_QTY": "0000000010",
        "CNTG_UNPR": "018270000",
        "STCK_CNTG_HOUR": "202500",
        "RFUS_YN": "0",
        "CNTG_YN": "1",
        "ACPT_YN": "1",
        "BRNC_NO": "",
        "ODER_QTY": "",
        "ACNT_NAME": "******",
        "CNTG_ISNM": "SANDISK",
        "ODER_COND": "6",
        "DEBT_GB": "10",
        "DEBT_DATE": "",
        "START_TM": "",
        "END_TM": "",
        "TM_DIV_TP": "",
        "CNTG_UNPR12": "",
    }
    return "^".join({**columns, **changes}.values())


def filled(quantity: int, price: str = "018270000", **changes: str) -> str:
    return overseas(CNTG_YN="2", ACPT_YN="2", CNTG_QTY=f"{quantity:010d}", CNTG_UNPR=price, **changes)


@pytest.fixture
def desk(db: None) -> Desk:
    del db
    firm = Firm.objects.create(kind=FirmKind.KIS, name="한국투자증권", short_name="kis")
    connection = KisConnection.objects.create(
        name="desk-1",
        rest_url="http://127.0.0.1:9",
        ws_url="ws://127.0.0.1:9",
        app_key="k",
        app_secret="s",
        hts_id="desk01",
        requests_per_second=1000,
    )
    accounts = []
    for number in ("12345678-01", "12345678-03"):
        account = ClientAccount.objects.create(firm=firm, number=number, contract_status=ContractStatus.ACTIVE)
        KisAccount.objects.create(connection=connection, account=account, product=number[-2:])
        accounts.append(account)
    StreamLease.objects.create(connection=connection, epoch=1, holder="test")
    manager = User.objects.create_user("kim", password="a long password", role=Role.MANAGER)
    for account in accounts:
        access.assign(manager, account, date(2010, 1, 1))
    return Desk(manager, connection, stock=accounts[0], derivatives=accounts[1])


@pytest.fixture
def sample() -> Callable[[str], dict[str, object]]:
    return lambda name: json.loads((DATA / name).read_text(encoding="utf-8"))
