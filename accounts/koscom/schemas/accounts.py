"""accountlist: 일임설정 계좌 조회."""

from __future__ import annotations

from pydantic import Field

from accounts.koscom.answers import Tree
from accounts.koscom.codes import CONTRACT_STATUS
from accounts.koscom.errors import SchemaError
from accounts.koscom.schemas.envelope import block_of, read_choice, read_info, read_wire
from accounts.koscom.schemas.fields import CodeText, Identifier, Rows, Text, WireModel
from accounts.koscom.schemas.values import Account, AccountPage

_BLOCK = "accountList"


class AccountWire(WireModel):
    number: Identifier = Field(default=None, alias="accNo")
    holder_name: Text = Field(default=None, alias="accName")
    virtual_number: Identifier = Field(default=None, alias="virtualAccNo")
    status: CodeText = Field(default=None, alias="contractStatus")


class AccountListWire(WireModel):
    rows: Rows[AccountWire] = Field(default=(), alias="account")


def parse_accounts(tree: Tree) -> AccountPage:
    """Read a page of accounts, terminated and expired contracts included; SchemaError when it cannot be read."""
    info = read_info(tree, "accountListResponseBody", _BLOCK)
    wire = read_wire(AccountListWire, block_of(tree, _BLOCK), _BLOCK)
    rows = enumerate(wire.rows)
    return AccountPage(info, tuple(_account(row, index) for index, row in rows if row != AccountWire()))


def _account(row: AccountWire, index: int) -> Account:
    path = f"{_BLOCK}.account[{index}]"
    if row.number is None:
        raise SchemaError(f"{path}.accNo", "an account without a number")
    status = read_choice(CONTRACT_STATUS, row.status, f"{path}.contractStatus")
    return Account(row.number, row.holder_name, row.virtual_number, status)
