"""The connection file: TOML in, frozen typed entries out, or one line that says where and why not.

Shape: `[[koscom]]` (one a securities firm), `[[kis]]` (one a KIS app key), `[[manager]]` (people and their accounts).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from accounts.gateway import is_loopback
from portal.toml_lines import Lines

KIS_FIRM = "kis"
KIS_LIVE_PACE, KIS_PAPER_PACE = 18, 1
# KIS offers its own websocket in the clear only (KIS Developers, 실시간: ws://ops.koreainvestment.com:21000, :31000).
_KIS_SOCKET = re.compile(r"ws://[a-z.]*\.koreainvestment\.com:(21000|31000)", re.ASCII)
_KIS_ACCOUNT = r"\d{8}-\d{2}"
_FIRM_ACCOUNT = r"(?P<firm>[A-Za-z0-9_-]+):(?P<number>[0-9A-Za-z-]{5,24})"
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)


class BadFile(Exception):
    """The file cannot be taken; the text is `line N: reason`, without any secret."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def _secret(value: object) -> object:
    """A literal, `env:NAME` or `file:PATH`."""
    if not isinstance(value, str):
        return value
    kind, colon, name = value.partition(":")
    if colon and kind == "env":
        if name not in os.environ:
            raise ValueError(f"the environment has no {name}")
        return os.environ[name]
    if colon and kind == "file":
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"the file {name} cannot be read ({type(error).__name__})") from None
    return value


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError("letters, digits, - and _, at most 32")
    return value


def _gateway(value: str) -> str:
    _check_url(value, ("https",), ("http",))
    return value.rstrip("/")


def _socket(value: str) -> str:
    if not _KIS_SOCKET.fullmatch(value.rstrip("/")):
        _check_url(value, ("wss",), ("ws",))
    return value.rstrip("/")


def _check_url(value: str, everywhere: tuple[str, ...], loopback: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(value)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or parts.scheme not in everywhere + loopback or parts.query or parts.fragment or parts.username:
        raise ValueError(f"not an address ({everywhere[0]}://host...)")
    if parts.scheme not in everywhere and not is_loopback(value):
        raise ValueError(f"a host that is not this machine needs {everywhere[0]}")


NonEmpty = Annotated[str, Field(min_length=1)]
Secret = Annotated[NonEmpty, BeforeValidator(_secret)]
Slug = Annotated[str, AfterValidator(_slug)]
Gateway = Annotated[str, AfterValidator(_gateway)]
Socket = Annotated[str, AfterValidator(_socket)]
AssetType = Literal["EQTY", "FUND", "ETC", "ALL"]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class FirmAccount(Entry):
    """An account at a Koscom firm."""

    firm: str
    number: str


class KisAccountEntry(Entry):
    """`12345678-01`, and its twin at Koscom where it has one."""

    number: str
    twin: FirmAccount | None = None


def kis_account(value: object) -> KisAccountEntry:
    """Read `12345678-01` or `12345678-03=shinhan:0019923122221`."""
    match = re.fullmatch(rf"(?P<kis>{_KIS_ACCOUNT})(={_FIRM_ACCOUNT})?", str(value), re.ASCII)
    if match is None:
        raise ValueError("not an account: 12345678-01, or 12345678-01=firm:number")
    twin = FirmAccount(firm=match["firm"], number=match["number"]) if match["firm"] else None
    return KisAccountEntry(number=match["kis"], twin=twin)


def any_account(value: object) -> FirmAccount:
    """Read `12345678-01` (at KIS) or `shinhan:0019923122221`."""
    if re.fullmatch(_KIS_ACCOUNT, str(value), re.ASCII):
        return FirmAccount(firm=KIS_FIRM, number=str(value))
    match = re.fullmatch(_FIRM_ACCOUNT, str(value), re.ASCII)
    if match is None:
        raise ValueError("not an account: 12345678-01, or firm:number")
    return FirmAccount(firm=match["firm"], number=match["number"])


class KoscomEntry(Entry):
    """One securities firm; `short_name` is the segment of the gateway's address."""

    name: Annotated[NonEmpty, Field(max_length=64)]
    short_name: Slug
    base_url: Gateway
    com_id: Annotated[NonEmpty, Field(max_length=16)]
    srv_id: Annotated[NonEmpty, Field(max_length=24)]
    api_key: Secret
    api_secret: Secret
    asset_types: Annotated[list[AssetType], Field(min_length=1)] = ["EQTY", "FUND", "ETC"]
    query_number: Literal["accNo", "virtualAccNo"] = "accNo"
    daily_calls: Annotated[int, Field(gt=0, le=10_000_000)] = 50_000

    @model_validator(mode="after")
    def _is_told_apart(self) -> Self:
        if self.short_name == KIS_FIRM:
            raise ValueError(f"short_name: {KIS_FIRM} is the name of 한국투자증권's own accounts")
        if "ALL" in self.asset_types and len(self.asset_types) > 1:
            raise ValueError("asset_types: ALL stands alone")
        return self


class KisEntry(Entry):
    """One KIS app key."""

    name: Slug
    environment: Literal["live", "paper"]
    rest_url: Gateway
    ws_url: Socket
    app_key: Secret
    app_secret: Secret
    hts_id: Secret
    customer_type: Literal["P", "B"] = "P"
    personal_sec_key: Secret | None = None
    mac_address: Secret | None = None
    phone_number: Secret | None = None
    ip_addr: Secret | None = None
    accounts: list[Annotated[KisAccountEntry, BeforeValidator(kis_account)]] = []
    requests_per_second: Annotated[int, Field(gt=0, le=20)] | None = None

    @model_validator(mode="after")
    def _a_company_says_more(self) -> Self:
        needed = ("personal_sec_key", "mac_address", "phone_number", "ip_addr")
        missing = [name for name in needed if getattr(self, name) is None]
        if self.customer_type == "B" and missing:
            raise ValueError(f"customer_type: B needs {', '.join(missing)}")
        return self

    @property
    def pace(self) -> int:
        return self.requests_per_second or (KIS_PAPER_PACE if self.environment == "paper" else KIS_LIVE_PACE)


class ManagerEntry(Entry):
    """A person; `accounts` name KIS accounts by number, others as `firm:number`."""

    username: Annotated[NonEmpty, Field(max_length=150)]
    password: Secret | None = None
    role: Literal["manager", "assistant", "operations", "compliance", "administrator"] = "manager"
    accounts: list[Annotated[FirmAccount, BeforeValidator(any_account)]] = []


class Connections(Entry):
    """The whole file."""

    koscom: list[KoscomEntry] = []
    kis: list[KisEntry] = []
    manager: list[ManagerEntry] = []


def read(text: str) -> tuple[Connections, Lines]:
    """The entries, and where each stands. Raises BadFile."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, text) from None
    lines = Lines(text)
    try:
        found = Connections.model_validate(tree)
    except ValidationError as error:
        raise _bad_entry(error, lines) from None
    _refuse_twice(((("koscom", at, "short_name"), entry.short_name) for at, entry in enumerate(found.koscom)), lines)
    _refuse_twice(((("kis", at, "name"), entry.name) for at, entry in enumerate(found.kis)), lines)
    _refuse_twice(((("manager", at, "username"), entry.username) for at, entry in enumerate(found.manager)), lines)
    numbers = (
        (("kis", at, "accounts"), account.number) for at, entry in enumerate(found.kis) for account in entry.accounts
    )
    _refuse_twice(numbers, lines)
    return found, lines


def _not_toml(error: tomllib.TOMLDecodeError, text: str) -> BadFile:
    match = re.search(r"^(.*?) \(at line (\d+), column \d+\)$", str(error))
    if match:
        return BadFile(int(match[2]), match[1])
    return BadFile(text.count("\n") + 1, str(error).removesuffix(" (at end of document)"))


def _bad_entry(error: ValidationError, lines: Lines) -> BadFile:
    first = min(error.errors(include_input=False, include_url=False), key=lambda item: lines.of(item["loc"]))
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        reason = "unknown setting"
    keys = [str(part) for part in first["loc"] if isinstance(part, str)]
    named = reason.partition(":")[0]
    line = lines.of((*first["loc"], named)) if len(keys) == 1 else lines.of(first["loc"])
    return BadFile(line, reason if len(keys) <= 1 else f"{keys[1]}: {reason}")


def _refuse_twice(named: Iterable[tuple[tuple[Any, ...], str]], lines: Lines) -> None:
    seen: set[str] = set()
    for loc, name in named:
        if name in seen:
            raise BadFile(lines.of(loc), f"{loc[-1]}: {name if loc[-1] != 'accounts' else 'an account'} is given twice")
        seen.add(name)
