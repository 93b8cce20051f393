"""Bytes of an answer -> a decoded body, or the one error that it stands for.

The decoder keeps numbers as their literal text (`NumberText`): nothing becomes a binary float, and a number like
1E999999 costs its nine characters. Keys are brought to the documented spelling here, once.
"""

from __future__ import annotations

import json
from typing import NoReturn

from accounts.koscom.codes import SUCCESS, Reaction
from accounts.koscom.errors import SchemaError, ServiceError

_TYPE_NAMES = {dict: "object", list: "list", str: "text", bool: "boolean", type(None): "null"}

# Spellings that Koscom's own manual and Java sample use for one field; the first is the documented one.
_SPELLINGS = (
    ("resp", "Resp"),
    ("cashBalInfo", "cachBalInfo"),
    ("totLoanAmt", "totlLoanAmt"),
    ("valAtCur", "valueAtCur"),
)
_NAMES = """
accInfo accName accNo account accountList accountListResponseBody amt assetType balance balanceList
balanceListResponseBody buyQtyUnit cancelType cashAvWithdraw cashBalance category changeAmt changeQty cmsnType code
commonHeader contractStatus cost costInfo costName costTotal count crcyCode currencyRate description earningRate error
exchange execList execNo execPrice execQty execSumQty execTime foreignDeposit isinCode isinInfo isinName isinType
lastBuyDate loanCreditAmt loanCreditDate loanCreditType margin maturity message modifyType orderDetail orderDetailList
orderDetailListResponseBody orderExecType orderNo orderPrice orderQty orderRejectReason orderTime orderType orgOrderNo
page proLoss qty queryResult receivable reqIdConsumer reqIdPlatform respCode respMsg securitiesBalInfo sellBuyType
sellQtyUnit settAmt settDate settDays settQty settleInfo settleList settleListResponseBody subject substitute summary
totCreditAmt totalCnt tradeBook tradeBookList tradeBookListResponseBody tradeType transDate transType valAtTrade
virtualAccNo wonDeposit
"""
_SPELLING = {name.lower(): name for name in _NAMES.split()} | {
    spelling.lower(): names[0] for names in _SPELLINGS for spelling in names
}

Tree = dict[str, object]


class NumberText(str):
    """A JSON number, as the characters that came."""

    __slots__ = ()


def open_answer(http_status: int, body: bytes) -> Tree:
    """Give the decoded body of a success; raise ServiceError for a refusal, SchemaError for what cannot be read.

    The body decides: a success envelope counts under any HTTP status, an error body under HTTP 200 too.
    """
    try:
        tree = decode(body)
    except SchemaError:
        if 200 <= http_status < 300:
            raise
        raise ServiceError(str(http_status), "", http_status=http_status) from None
    return _success_of(tree, http_status)


def decode(body: bytes) -> Tree:
    """Decode one JSON object; SchemaError for anything else."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError("$", f"not UTF-8 at byte {error.start}") from None
    if text.lstrip().startswith("<"):
        raise SchemaError("$", "a markup page (HTML), not JSON")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=NumberText,
            parse_float=NumberText,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise SchemaError("$", "nested too deeply") from None
    except json.JSONDecodeError as error:
        raise SchemaError("$", f"not JSON at character {error.pos}: {error.msg}") from None
    if not isinstance(value, dict):
        raise SchemaError("$", f"an object was expected, not {_TYPE_NAMES.get(type(value), 'number')}")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise SchemaError("$", f"{name} is not a number")


def _object(pairs: list[tuple[str, object]]) -> Tree:
    if len({key for key, _ in pairs}) != len(pairs):
        raise SchemaError("$", "a key is given twice in one object")
    tree: Tree = {}
    for key, value in pairs:
        name = _SPELLING.get(key.lower(), key)
        if name not in tree or _is_blank(tree[name]):
            tree[name] = value
        elif not _is_blank(value) and tree[name] != value:
            raise SchemaError(f"$..{name}", "two spellings of one field disagree")
    return tree


def _is_blank(value: object) -> bool:
    return value is None or value in ("", "null")


def _success_of(tree: Tree, http_status: int) -> Tree:
    resp = tree.get("resp")
    if isinstance(resp, dict):
        code, message = _text(resp.get("respCode")), _text(resp.get("respMsg"))
        if code == SUCCESS:
            return tree
        if code:
            raise ServiceError(code, message, http_status=http_status)
    if _text(tree.get("code")):
        raise _service_error(tree, http_status)
    for name in ("message", "error"):
        if _text(tree.get(name)):
            raise _gateway_error(name, _text(tree[name]), http_status)
    if 200 <= http_status < 300:
        raise SchemaError("resp.respCode", "missing")
    raise ServiceError(str(http_status), "", http_status=http_status)


def _text(value: object) -> str:
    """Read a code or a message: text without blanks, or nothing."""
    if not isinstance(value, str) or _is_blank(value):
        return ""
    return value.removesuffix(".0") if isinstance(value, NumberText) else value.strip()


def _service_error(tree: Tree, http_status: int) -> ServiceError:
    parts = [_text(tree.get(name)) for name in ("message", "description")]
    message = " / ".join(part for part in parts if part)
    category = _text(tree.get("category"))
    return ServiceError(_text(tree["code"]), message, http_status=http_status, category=category)


def _gateway_error(shape: str, message: str, http_status: int) -> ServiceError:
    # Out of hours the platform answers 400 {"error": "당일 종가 제공 시간이 아닙니다."} (Koscom price API).
    out_of_hours = shape == "error" and http_status == 400 and "시간" in message
    reaction = Reaction.WINDOW if out_of_hours else None
    return ServiceError(str(http_status), message, http_status=http_status, reaction=reaction)
