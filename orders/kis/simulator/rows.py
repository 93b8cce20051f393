"""Orders and reservations as rows of the vendor's inquiries: its field names, paddings and blanks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from orders.domain.events import RequestKind, Side
from orders.domain.sessions import SEOUL
from orders.kis.simulator.book import ZERO, SimOrder
from orders.kis.simulator.exchanges import EXCHANGES
from orders.kis.simulator.reservations import Reservation

Row = dict[str, str]

STOCK_BRANCH = "06010"  # ord_gno_brno, which a request must give back as KRX_FWDG_ORD_ORGNO

_SIDES = {Side.SELL: ("01", "매도"), Side.BUY: ("02", "매수")}
_REQUESTS = {RequestKind.NEW: ("00", ""), RequestKind.MODIFY: ("01", "정정"), RequestKind.CANCEL: ("02", "취소")}


def _day(at: datetime) -> str:
    return at.astimezone(SEOUL).strftime("%Y%m%d")


def _hour(at: datetime) -> str:
    return at.astimezone(SEOUL).strftime("%H%M%S")


def _average(order: SimOrder) -> Decimal:
    return order.amount / order.filled if order.filled else ZERO


def _original(order: SimOrder, blank: str) -> str:
    return blank if order.original is None else str(order.original).zfill(10)


def _overseas(order: SimOrder) -> Row:
    ticket = order.ticket
    side, side_name = _SIDES[ticket.side]
    exchange = EXCHANGES[ticket.instrument.exchange]
    return {
        "ord_dt": order.order_date.strftime("%Y%m%d"),
        "ord_gno_brno": "01790",
        "odno": str(order.number).zfill(10),
        "orgn_odno": _original(order, ""),
        "pdno": ticket.instrument.symbol,
        "prdt_name": ticket.instrument.name,
        "sll_buy_dvsn_cd": side,
        "sll_buy_dvsn_cd_name": side_name,
        "rjct_rson": "0001" if order.rejected else "",
        "rjct_rson_name": order.rejected,
        "ord_tmd": _hour(order.at),
        "tr_mket_name": exchange.name,
        "tr_crcy_cd": exchange.currency,
        "ft_ord_qty": str(ticket.qty),
        "ft_ccld_qty": str(order.filled),
        "nccs_qty": str(order.leaves),
        "ft_ord_unpr3": f"{ZERO if order.kind is RequestKind.CANCEL else ticket.price:.8f}",
        "ft_ccld_unpr3": f"{_average(order):.8f}",
        "ft_ccld_amt3": f"{order.amount:.5f}",
        "ovrs_excg_cd": exchange.code,
        "loan_type_cd": "10",
        "loan_dt": "",
        "usa_amk_exts_rqst_yn": "N",
        "splt_buy_attr_name": "",
    }


def open_overseas(order: SimOrder) -> Row:
    """A row of inquire-nccs: what is open, the status text always blank."""
    code, name = _REQUESTS[order.kind]
    exchange = EXCHANGES[order.ticket.instrument.exchange]
    request = {"rvse_cncl_dvsn_cd": code, "rvse_cncl_dvsn_cd_name": name}
    nation = {"natn_cd": exchange.nation, "natn_kor_name": exchange.nation_name}
    return {**_overseas(order), **request, **nation, "prcs_stat_name": ""}


def overseas(order: SimOrder) -> Row:
    """A row of overseas inquire-ccnl; its numbers come unpadded."""
    code, name = _REQUESTS[order.kind]
    exchange = EXCHANGES[order.ticket.instrument.exchange]
    return {
        **_overseas(order),
        "odno": str(order.number),
        "orgn_odno": "" if order.original is None else str(order.original),
        "rvse_cncl_dvsn": code,
        "rvse_cncl_dvsn_name": name or "보통",
        "prcs_stat_name": _overseas_status(order),
        "tr_natn": exchange.nation,
        "tr_natn_name": exchange.nation_name,
        "dmst_ord_dt": _day(order.at),
        "thco_ord_tmd": _hour(order.at),
        "mdia_dvsn_name": order.ticket.medium,
    }


def _overseas_status(order: SimOrder) -> str:
    if order.rejected:
        return "거부"
    if order.kind is RequestKind.CANCEL:
        return "완료" if order.working else "전송"
    if order.leaves > ZERO:
        return "" if order.working else "접수"
    if order.canceled and not order.moved:
        return "취소완료"
    return "완료" if order.working or order.expired else "전송"


_REQUEST_WORDS = {RequestKind.NEW: "", RequestKind.MODIFY: "정정", RequestKind.CANCEL: "취소"}


def _derivative(order: SimOrder) -> Row:
    ticket = order.ticket
    side, side_name = _SIDES[ticket.side]
    return {
        "ord_gno_brno": "06010",
        "cano": ticket.account.number,
        "csac_name": "******",
        "acnt_prdt_cd": ticket.account.product,
        "ord_dt": order.order_date.strftime("%Y%m%d"),
        "odno": str(order.number).zfill(10),
        "orgn_odno": _original(order, "0000000000"),
        "sll_buy_dvsn_cd": side,
        "trad_dvsn_name": side_name + _REQUEST_WORDS[order.kind],
        "nmpr_type_name": "지정가",
        "pdno": ticket.instrument.symbol,
        "prdt_name": ticket.instrument.name,
        "prdt_type_cd": "301",
        "ord_qty": str(ticket.qty),
        "qty": str(order.leaves),
        "ord_tmd": _hour(order.at),
        "tot_ccld_qty": str(order.filled),
        "avg_idx": f"{_average(order):.8f}",
        "tot_ccld_amt": str(order.amount),
        "rjct_qty": str(ticket.qty if order.rejected else ZERO),
        "ingr_trad_rjct_rson_cd": "00001" if order.rejected else "",
        "ingr_trad_rjct_rson_name": order.rejected,
        "ord_stfno": "",
        "sprd_item_yn": "N",
        "ord_ip_addr": "",
    }


def _index(order: SimOrder) -> str:
    return f"{ZERO if order.kind is RequestKind.CANCEL else order.ticket.price:.2f}"


def day_derivative(order: SimOrder) -> Row:
    """A row of F/O inquire-ccnl."""
    return {**_derivative(order), "nmpr_type_cd": "01", "ord_idx": _index(order)}


def night_derivative(order: SimOrder) -> Row:
    """A row of inquire-ngt-ccnl: the price under another name, no type code."""
    return {**_derivative(order), "ord_idx4": _index(order)}


def stock(order: SimOrder) -> Row:
    """A row of domestic inquire-daily-ccld, with the field names that real answers have."""
    ticket = order.ticket
    side, side_name = _SIDES[ticket.side]
    gone = order.canceled > ZERO and order.leaves == ZERO
    return {
        "ord_dt": order.order_date.strftime("%Y%m%d"),
        "ord_gno_brno": STOCK_BRANCH,
        "odno": str(order.number).zfill(10),
        "orgn_odno": _original(order, ""),
        "ord_dvsn_name": "지정가",
        "sll_buy_dvsn_cd": side,
        "sll_buy_dvsn_cd_name": side_name + _REQUEST_WORDS[order.kind] if order.original else f"현금{side_name}",
        "pdno": ticket.instrument.symbol,
        "prdt_name": ticket.instrument.name,
        "ord_qty": str(ticket.qty),
        "ord_unpr": str(ZERO if order.kind is RequestKind.CANCEL else ticket.price),
        "ord_tmd": _hour(order.at),
        "tot_ccld_qty": str(order.filled),
        "avg_prvs": f"{_average(order):.4f}",
        "cncl_yn": "Y" if gone else "N",
        "tot_ccld_amt": str(order.amount),
        "loan_dt": "",
        "ordr_empno": "OpenAP",
        "ord_dvsn_cd": "00",
        "cncl_cfrm_qty": str(order.canceled),
        "rmn_qty": str(order.leaves),
        "rjct_qty": str(ticket.qty if order.rejected else ZERO),
        "ccld_cndt_name": "없음",
        "inqr_ip_addr": "",
        "infm_tmd": "",
        "ctac_tlno": "",
        "prdt_type_cd": "300",
        "excg_dvsn_cd": "02",
        "ord_orgno": "",
        "excg_id_dvsn_Cd": ticket.instrument.exchange,
        "stpm_cndt_pric": "0",
        "stpm_efct_occr_dtmd": "",
    }


def revisable(order: SimOrder) -> Row:
    """A row of inquire-psbl-rvsecncl: what can still be modified or canceled."""
    ticket = order.ticket
    exchange = ticket.instrument.exchange
    return {
        "ord_gno_brno": STOCK_BRANCH,
        "odno": str(order.number).zfill(10),
        "orgn_odno": _original(order, ""),
        "ord_dvsn_name": "지정가",
        "pdno": ticket.instrument.symbol,
        "prdt_name": ticket.instrument.name,
        "rvse_cncl_dvsn_name": _REQUEST_WORDS[order.kind],
        "ord_qty": str(ticket.qty),
        "ord_unpr": str(ticket.price),
        "ord_tmd": _hour(order.at),
        "tot_ccld_qty": str(order.filled),
        "tot_ccld_amt": str(order.amount),
        "psbl_qty": str(order.leaves),
        "sll_buy_dvsn_cd": _SIDES[ticket.side][0],
        "ord_dvsn_cd": "00",
        "mgco_aptm_odno": "",
        "excg_dvsn_cd": "02",
        "excg_id_dvsn_cd": exchange,
        "excg_id_dvsn_name": exchange,
        "stpm_cndt_pric": "0",
        "stpm_efct_occr_yn": "N",
    }


def reservation(row: Reservation) -> Row:
    """A row of order-resv-list."""
    ticket = row.ticket
    side, side_name = _SIDES[ticket.side]
    code, name = _reservation_status(row)
    exchange = EXCHANGES[ticket.instrument.exchange]
    sent = row.sent
    return {
        "cncl_yn": "Y" if row.canceled else "N",
        "rsvn_ord_rcit_dt": row.receipt_date.strftime("%Y%m%d"),
        "ovrs_rsvn_odno": str(row.number).zfill(10),
        "ord_dt": (sent.order_date if sent else row.receipt_date).strftime("%Y%m%d"),
        "ord_gno_brno": "01790",
        "odno": str(sent.number).zfill(10) if sent else "",
        "sll_buy_dvsn_cd": side,
        "sll_buy_dvsn_cd_name": side_name,
        "ovrs_rsvn_ord_stat_cd": code,
        "ovrs_rsvn_ord_stat_cd_name": name,
        "pdno": ticket.instrument.symbol,
        "prdt_type_cd": exchange.product_type,
        "prdt_name": ticket.instrument.name,
        "ord_rcit_tmd": _hour(row.at),
        "ord_fwdg_tmd": _hour(row.sent_at) if row.sent_at else "",
        "tr_dvsn_name": "일반",
        "ovrs_excg_cd": exchange.code,
        "tr_mket_name": exchange.name,
        "ord_stfno": "",
        "ft_ord_qty": str(ticket.qty),
        "ft_ord_unpr3": f"{ticket.price:.8f}",
        "ft_ccld_qty": str(sent.filled if sent else ZERO),
        "nprc_rson_text": row.not_sent,
        "splt_buy_attr_name": "",
    }


def _reservation_status(row: Reservation) -> tuple[str, str]:
    if row.canceled:
        return "03", "취소"
    if row.sent:
        return "02", "전송"
    return ("04", "미처리") if row.not_sent else ("01", "접수")
