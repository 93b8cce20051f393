"""Reservations: order-resv-ccnl cancels one of the US, order-resv itself one of Asia. Neither can be modified."""

from __future__ import annotations

from collections.abc import Mapping

from orders.domain.events import Market
from orders.kis.simulator.answers import (
    EXCHANGE_WRONG,
    NO_ORIGINAL,
    NOTHING_LEFT,
    ORDER_TYPE_WRONG,
    RESERVATION_CLOSED,
    SYMBOL_WRONG,
    SimAnswer,
    ordered,
)
from orders.kis.simulator.exchanges import PRODUCT_TYPES
from orders.kis.simulator.order_api.fields import CANCEL_ONLY, Asking, Refused, Take
from orders.kis.simulator.reservations import Reservation
from orders.kis.tr_ids import TRS, Operation

_US_FIELDS = ("RSVN_ORD_RCIT_DT", "OVRS_RSVN_ODNO")
_ASIA_FIELDS = (*_US_FIELDS, "RVSE_CNCL_DVSN_CD", "PDNO", "PRDT_TYPE_CD", "OVRS_EXCG_CD", "FT_ORD_QTY", "FT_ORD_UNPR3")
_RECEIVED = "APBK1711", "취소주문이 접수되었습니다."


def cancel_us(asking: Asking) -> SimAnswer:
    """POST order-resv-ccnl: the answer's number is a new one, not the reservation's. Raises Refused."""
    asking.require(_US_FIELDS)
    row = _waiting(asking, Market.US_RESERVED, "")
    number = asking.desk.ask_reservation(row)
    return ordered({"OVRS_RSVN_ODNO": str(number).zfill(10)}, *_RECEIVED)


def cancel_asia(asking: Asking) -> SimAnswer:
    """POST order-resv with RVSE_CNCL_DVSN_CD 02; the desk enters no reservations of its own. Raises Refused."""
    asking.require(_ASIA_FIELDS)
    asking.kind(CANCEL_ONLY)
    exchange = asking.text("OVRS_EXCG_CD")
    if exchange not in PRODUCT_TYPES:
        raise Refused(EXCHANGE_WRONG)
    row = _waiting(asking, Market.ASIA_RESERVED, exchange)
    instrument = row.ticket.instrument
    if (asking.text("PDNO"), exchange) != (instrument.symbol, instrument.exchange):
        raise Refused(SYMBOL_WRONG)
    if asking.text("PRDT_TYPE_CD") not in PRODUCT_TYPES[exchange]:
        raise Refused(ORDER_TYPE_WRONG)
    number = asking.desk.ask_reservation(row)
    receipt = asking.text("RSVN_ORD_RCIT_DT")
    return ordered({"RSVN_ORD_RCIT_DT": receipt, "OVRS_RSVN_ODNO": str(number).zfill(10)}, *_RECEIVED)


def _waiting(asking: Asking, market: Market, exchange: str) -> Reservation:
    """The reservation that is asked about, while the broker still has it."""
    desk = asking.desk
    if not desk.hours.takes_requests(market, desk.now(), exchange):
        raise Refused(RESERVATION_CLOSED)
    row = desk.reservations.find(asking.account, asking.number("OVRS_RSVN_ODNO"))
    if row is None or row.ticket.market is not market:
        raise Refused(NO_ORIGINAL)
    if row.receipt_date.strftime("%Y%m%d") != asking.text("RSVN_ORD_RCIT_DT"):
        raise Refused(NO_ORIGINAL)
    if not row.waiting:
        raise Refused(NOTHING_LEFT)
    return row


RESERVED_REQUESTS: Mapping[str, Take] = {
    TRS[Operation.US_RESERVE_CANCEL].live: cancel_us,
    TRS[Operation.ASIA_RESERVE].live: cancel_asia,
}
