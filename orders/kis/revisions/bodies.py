"""Bodies of the modify and cancel operations. Keys are upper case, values text (KIS: "BODY값의 key값들을 대문자로").

Each builder gets facts that its row of the table has let through, and raises ValueError for figures that cannot be.
"""

from __future__ import annotations

from decimal import Decimal

from orders.domain.events import Side
from orders.domain.sessions import Action
from orders.kis.codes import EXCHANGES, PRODUCT_TYPES
from orders.kis.revisions.facts import RevisionFacts, plain

Body = dict[str, str]

_KINDS = {Action.MODIFY: "01", Action.CANCEL: "02"}
_SIDES = {Side.SELL: "01", Side.BUY: "02"}

# FUOP_ITEM_DVSN_CD of KIS "선물옵션 정정취소주문": 01 futures, 02 call, 03 put, 04 spread. The first character of the
# short code tells which: 1 to 4 in the old codes, A to D in the new ones.
_DERIVATIVES = {"1": "01", "A": "01", "2": "02", "B": "02", "3": "03", "C": "03", "4": "04", "D": "04"}
_LIMIT, _CONDITIONAL = "01", "03"


def us_reservation(facts: RevisionFacts) -> Body:
    """order-resv-ccnl. The field is RSVN_ORD_RCIT_DT, as in the page's own example; its table misprints RSYN."""
    facts.asked_qty()
    return _account(facts) | {
        "RSVN_ORD_RCIT_DT": facts.order_date.strftime("%Y%m%d"),
        "OVRS_RSVN_ODNO": str(facts.number),
    }


def asia_reservation(facts: RevisionFacts) -> Body:
    """order-resv with RVSE_CNCL_DVSN_CD 02: KIS "해외주식 예약주문접수" cancels in Asia what it took.

    The page wants quantity and price of every request and says nothing of a cancel's: they are the reservation's own.
    """
    if facts.side is None:
        raise ValueError("the side is not known")
    return _account(facts) | {
        "SLL_BUY_DVSN_CD": _SIDES[facts.side],
        "RVSE_CNCL_DVSN_CD": _KINDS[Action.CANCEL],
        "PDNO": facts.symbol,
        "PRDT_TYPE_CD": _product_type(facts),
        "OVRS_EXCG_CD": facts.exchange,
        "FT_ORD_QTY": facts.asked_qty(),
        "FT_ORD_UNPR3": plain(facts.order_price or Decimal(0)),
        "ORD_SVR_DVSN_CD": "0",
        "RSVN_ORD_RCIT_DT": facts.order_date.strftime("%Y%m%d"),
        "OVRS_RSVN_ODNO": str(facts.number),
    }


def daytime(facts: RevisionFacts) -> Body:
    """daytime-order-rvsecncl. KIS documents no price of its cancel; order-rvsecncl asks for "0"."""
    return _overseas(facts) | {"OVRS_ORD_UNPR": facts.price_or_own(), "CTAC_TLNO": ""}


def overseas(facts: RevisionFacts) -> Body:
    """order-rvsecncl: a cancel sends the price "0"."""
    return _overseas(facts) | {"OVRS_ORD_UNPR": facts.new_price()}


def derivatives_day(facts: RevisionFacts) -> Body:
    """The day's order-rvsecncl: live takes the quantity "0" for all that is left, paper wants the quantity."""
    everything = not facts.part and not facts.paper
    quantity = facts.asked_qty()
    return _derivatives(facts) | {"ORD_QTY": "0" if everything else quantity, "FUOP_ITEM_DVSN_CD": ""}


def derivatives_night(facts: RevisionFacts) -> Body:
    """The night's order-rvsecncl: the exact remaining quantity, never a part, and the product's code."""
    code = _DERIVATIVES.get(facts.symbol[:1])
    if code is None:
        raise ValueError(f"neither a future, an option nor a spread: {facts.symbol!r}")
    return _derivatives(facts) | {"ORD_QTY": facts.asked_qty(), "FUOP_ITEM_DVSN_CD": code}


def krx(facts: RevisionFacts) -> Body:
    """Domestic stock. EXCG_ID_DVSN_CD must be the order's own, KRX_FWDG_ORD_ORGNO the branch that numbered it."""
    if not facts.forward_org:
        raise ValueError("the branch is not known")
    return _account(facts) | {
        "KRX_FWDG_ORD_ORGNO": facts.forward_org,
        "ORGN_ODNO": _padded(facts.number),
        "ORD_DVSN": facts.order_type or "00",
        "RVSE_CNCL_DVSN_CD": _KINDS[facts.action],
        "ORD_QTY": facts.asked_qty(),
        "ORD_UNPR": facts.new_price(),
        "QTY_ALL_ORD_YN": _all(facts),
        "CNDT_PRIC": "",
        "EXCG_ID_DVSN_CD": facts.exchange,
    }


def _overseas(facts: RevisionFacts) -> Body:
    return _account(facts) | {
        "OVRS_EXCG_CD": facts.exchange,
        "PDNO": facts.symbol,
        "ORGN_ODNO": str(facts.number),
        "RVSE_CNCL_DVSN_CD": _KINDS[facts.action],
        "ORD_QTY": facts.asked_qty(),
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def _derivatives(facts: RevisionFacts) -> Body:
    """What day and night share. A new price makes a limit order, unless it was a conditional one before."""
    kept = facts.action is Action.MODIFY and facts.order_type == _CONDITIONAL
    quote = _CONDITIONAL if kept else _LIMIT
    return _account(facts) | {
        "ORD_PRCS_DVSN_CD": "02",
        "RVSE_CNCL_DVSN_CD": _KINDS[facts.action],
        "ORGN_ODNO": _padded(facts.number),
        "UNIT_PRICE": facts.new_price(),
        "NMPR_TYPE_CD": quote,
        "KRX_NMPR_CNDT_CD": "0",
        "RMN_QTY_YN": _all(facts),
        "ORD_DVSN_CD": quote,
    }


def _padded(number: int) -> str:
    """As the domestic lists print it, ten digits; the overseas ones are not padded."""
    return str(number).zfill(10)


def _all(facts: RevisionFacts) -> str:
    return "N" if facts.part else "Y"


def _product_type(facts: RevisionFacts) -> str:
    """Of the board that the order's currency names; the exchange's own currency where none is known."""
    currency = facts.currency or EXCHANGES[facts.exchange].currency
    code = PRODUCT_TYPES.get((facts.exchange, currency))
    if code is None:
        raise ValueError(f"no product type for {currency} at {facts.exchange}")
    return code


def _account(facts: RevisionFacts) -> Body:
    return {"CANO": facts.account.number, "ACNT_PRDT_CD": facts.account.product}
