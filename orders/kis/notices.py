"""Plaintext of a notice frame to `ExecutionNotice`, in KIS words; layouts by (TR id, width).

Columns 0 to 17 are the core: strict, applied at any width from 18 up. Later columns have names only where the width is
known, since KIS inserts and appends columns without notice; others are kept in `extra`. The one exception is the
overseas market code, column 18 of H0GSCNI0, which belongs to the core wherever it is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from orders.domain.events import Family
from orders.kis.codes import NOTICES, OVERSEAS_MARKETS, OVERSEAS_SIDES, REQUESTS, SIDES
from orders.kis.errors import NoticeError, NoticeFault

CORE_WIDTH = 18
_CORE_HEAD = ("CUST_ID", "ACNT_NO", "ODER_NO", "OODER_NO", "SELN_BYOV_CLS", "RCTF_CLS")
_CORE_TAIL = ("STCK_SHRN_ISCD", "CNTG_QTY", "CNTG_UNPR", "STCK_CNTG_HOUR", "RFUS_YN", "CNTG_YN", "ACPT_YN", "BRNC_NO")
_CORE = (*_CORE_HEAD, "ODER_KIND2", *_CORE_TAIL, "ODER_QTY", "ACNT_NAME", "CNTG_ISNM")
# The stock notice has its order condition at 7, which pushes the name out of the core.
_STOCK_CORE = (*_CORE_HEAD, "ODER_KIND", "ODER_COND", *_CORE_TAIL, "ODER_QTY", "ACNT_NAME")

_FUTURES = ("ODER_COND", "ORD_GRP", "ORD_GRPSEQ", "ORDER_PRC")
_OVERSEAS = ("ODER_COND", "DEBT_GB", "DEBT_DATE", "START_TM", "END_TM", "TM_DIV_TP", "CNTG_UNPR12")
_STOCK_23 = ("CNTG_ISNM", "CRDT_CLS", "CRDT_LOAN_DATE", "CNTG_ISNM40", "ODER_PRC")
_STOCK_26 = (
    *("ORD_COND_PRC", "ORD_EXG_GB", "POPUP_YN", "FILLER"),
    *("CRDT_CLS", "CRDT_LOAN_DATE", "CNTG_ISNM40", "ODER_PRC"),
)

# Columns after the core, for each width that KIS has documented.
_DAY_FUTURES = MappingProxyType({22: _FUTURES})
_NIGHT = MappingProxyType({19: _FUTURES[:1]})
_OVERSEAS_WIDTHS = MappingProxyType({21: _OVERSEAS[:3], 24: _OVERSEAS[:6], 25: _OVERSEAS})
_STOCK_WIDTHS = MappingProxyType({23: _STOCK_23, 26: _STOCK_26})
LAYOUTS = MappingProxyType(
    {
        "H0IFCNI0": _DAY_FUTURES,
        "H0IFCNI9": _DAY_FUTURES,
        "H0MFCNI0": _NIGHT,
        "H0EUCNI0": _NIGHT,
        "H0GSCNI0": _OVERSEAS_WIDTHS,
        "H0GSCNI9": _OVERSEAS_WIDTHS,
        "H0STCNI0": _STOCK_WIDTHS,
        "H0STCNI9": _STOCK_WIDTHS,
    }
)

_ACCOUNT = re.compile(r"[0-9]{8}(?:[0-9]{2})?")
_NUMBER = re.compile(r"[0-9]{1,10}")
_QUANTITY = re.compile(r"[0-9]{1,12}")
_PRICE = re.compile(r"[0-9]{1,13}(?:\.[0-9]{0,10})?")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]")
_FLAG_2 = frozenset({"1", "2"})
_FLAG_3 = frozenset({"1", "2", "3"})


@dataclass(frozen=True, slots=True)
class Record:
    """One notice's columns, not yet understood."""

    tr_id: str
    columns: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExecutionNotice:
    """One notice, every core field checked. Field names and values are the vendor's, without outer blanks."""

    tr_id: str
    cust_id: str = field(repr=False)
    acnt_no: str = field(repr=False)
    oder_no: str
    ooder_no: str
    seln_byov_cls: str
    rctf_cls: str
    oder_kind: str  # ODER_KIND2, ODER_KIND of the stock notice: one name, three meanings
    stck_shrn_iscd: str
    cntg_qty: str
    cntg_unpr: str
    stck_cntg_hour: str
    rfus_yn: str
    cntg_yn: str
    acpt_yn: str
    brnc_no: str
    oder_qty: str
    acnt_name: str = field(repr=False)
    cntg_isnm: str
    oder_cond: str
    later: tuple[tuple[str, str], ...]  # named columns after the core, where (TR id, width) is known
    extra: tuple[str, ...]  # unnamed columns after the core
    known_layout: bool

    def column(self, name: str) -> str:
        """A named later column, "" where this width has none."""
        return dict(self.later).get(name, "")


def parse_notices(tr_id: str, count: int, plaintext: str) -> list[ExecutionNotice]:
    """Every record of a frame. Raises NoticeError for the first one that breaks a rule."""
    return [parse_record(record) for record in split_records(tr_id, count, plaintext)]


def split_records(tr_id: str, count: int, plaintext: str) -> list[Record]:
    """Cuts a payload into `count` records of equal width: KIS puts no separator between them. Raises NoticeError."""
    if tr_id not in NOTICES:
        raise NoticeError(NoticeFault.TR_ID, tr_id[:16])
    columns = tuple(plaintext.replace("\x00", "").split("^"))
    width, rest = divmod(len(columns), count)
    if rest:
        raise NoticeError(NoticeFault.COUNT, f"{len(columns)} / {count}")
    if width < CORE_WIDTH:
        raise NoticeError(NoticeFault.NARROW, str(width))
    return [Record(tr_id, columns[start : start + width]) for start in range(0, len(columns), width)]


def parse_record(record: Record) -> ExecutionNotice:
    """Reads one record by its core. Raises NoticeError for any core field that is malformed or unknown."""
    notice = _named(record)
    for broken, fault, value in _rules(notice):
        if broken:
            raise NoticeError(fault, value[:20])
    return notice


def _named(record: Record) -> ExecutionNotice:
    columns = tuple(column.strip() for column in record.columns)
    core_names = _STOCK_CORE if NOTICES[record.tr_id].family is Family.KRX else _CORE
    core = dict(zip(core_names, columns, strict=False))
    names = LAYOUTS[record.tr_id].get(len(columns))
    rest = columns[CORE_WIDTH:]
    later = dict(zip(names or (), rest, strict=False))
    if NOTICES[record.tr_id].family is Family.OVERSEAS:
        later.setdefault("ODER_COND", rest[0] if rest else "")
    return ExecutionNotice(
        tr_id=record.tr_id,
        cust_id=core["CUST_ID"],
        acnt_no=core["ACNT_NO"],
        oder_no=core["ODER_NO"],
        ooder_no=core["OODER_NO"],
        seln_byov_cls=core["SELN_BYOV_CLS"],
        rctf_cls=core["RCTF_CLS"],
        oder_kind=core.get("ODER_KIND2") or core.get("ODER_KIND", ""),
        stck_shrn_iscd=core["STCK_SHRN_ISCD"],
        cntg_qty=core["CNTG_QTY"],
        cntg_unpr=core["CNTG_UNPR"],
        stck_cntg_hour=core["STCK_CNTG_HOUR"],
        rfus_yn=core["RFUS_YN"],
        cntg_yn=core["CNTG_YN"],
        acpt_yn=core["ACPT_YN"],
        brnc_no=core["BRNC_NO"],
        oder_qty=core["ODER_QTY"],
        acnt_name=core["ACNT_NAME"],
        cntg_isnm=core.get("CNTG_ISNM") or later.get("CNTG_ISNM40") or later.get("CNTG_ISNM", ""),
        oder_cond=core.get("ODER_COND") or later.get("ODER_COND", ""),
        later=tuple(later.items()) if names else (),
        extra=() if names else rest,
        known_layout=names is not None,
    )


def _rules(notice: ExecutionNotice) -> tuple[tuple[bool, NoticeFault, str], ...]:
    """Every strict rule of the core, with what it saw, in the order of the columns."""
    overseas = NOTICES[notice.tr_id].family is Family.OVERSEAS
    sides = OVERSEAS_SIDES if overseas else SIDES
    market_unknown = overseas and bool(notice.oder_cond) and notice.oder_cond not in OVERSEAS_MARKETS
    fill = notice.cntg_yn == "2" and notice.rfus_yn == "0"
    return (
        (not _ACCOUNT.fullmatch(notice.acnt_no), NoticeFault.ACCOUNT, ""),
        (not _is_number(notice.oder_no), NoticeFault.NUMBER, notice.oder_no),
        (not _blank_or(_NUMBER, notice.ooder_no), NoticeFault.ORIGINAL, notice.ooder_no),
        (notice.seln_byov_cls not in sides, NoticeFault.SIDE, notice.seln_byov_cls),
        (notice.rctf_cls not in REQUESTS, NoticeFault.REQUEST, notice.rctf_cls),
        (not notice.stck_shrn_iscd, NoticeFault.SYMBOL, ""),
        (not _QUANTITY.fullmatch(notice.cntg_qty), NoticeFault.QUANTITY, notice.cntg_qty),
        (not _blank_or(_PRICE, notice.cntg_unpr), NoticeFault.PRICE, notice.cntg_unpr),
        (not _blank_or(_TIME, notice.stck_cntg_hour), NoticeFault.TIME, notice.stck_cntg_hour),
        (notice.rfus_yn not in {"0", "1"}, NoticeFault.REFUSED, notice.rfus_yn),
        (notice.cntg_yn not in _FLAG_2, NoticeFault.FILLED, notice.cntg_yn),
        (notice.acpt_yn not in _FLAG_3, NoticeFault.ACCEPTED, notice.acpt_yn),
        (not _blank_or(_QUANTITY, notice.oder_qty), NoticeFault.ORDER_QUANTITY, notice.oder_qty),
        (market_unknown, NoticeFault.MARKET, notice.oder_cond),
        (fill and _is_empty_fill(notice), NoticeFault.EMPTY_FILL, f"{notice.cntg_qty} @ {notice.cntg_unpr}"),
    )


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and int(text) > 0


def _blank_or(pattern: re.Pattern[str], text: str) -> bool:
    return not text or bool(pattern.fullmatch(text))


def _is_empty_fill(notice: ExecutionNotice) -> bool:
    if not (_QUANTITY.fullmatch(notice.cntg_qty) and _PRICE.fullmatch(notice.cntg_unpr)):
        return True
    return int(notice.cntg_qty) == 0 or Decimal(notice.cntg_unpr) == 0
