"""The order requests that the broker takes, by live TR id: strict on every key that the portal's pages require."""

from __future__ import annotations

from collections.abc import Mapping

from orders.kis.simulator.order_api.derivatives import DERIVATIVE_REQUESTS
from orders.kis.simulator.order_api.fields import Take
from orders.kis.simulator.order_api.overseas import OVERSEAS_REQUESTS
from orders.kis.simulator.order_api.reserved import RESERVED_REQUESTS
from orders.kis.simulator.order_api.stocks import STOCK_REQUESTS

ORDER_REQUESTS: Mapping[str, Take] = {
    **OVERSEAS_REQUESTS,
    **RESERVED_REQUESTS,
    **DERIVATIVE_REQUESTS,
    **STOCK_REQUESTS,
}
