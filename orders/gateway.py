"""From a connection's row to a client that can ask and send: token, pace and addresses are shared by all processes."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from accounts import clock
from accounts.gateway import GatewayRefused, refuse_shifted_clock
from orders.domain.events import Market, Side
from orders.domain.pace import Turn
from orders.domain.sessions import Action, Calendar
from orders.kis import auth, revisions
from orders.kis.client import KisClient, KisConfig, OrderRequest, new_session
from orders.kis.client.kis_client import Ports
from orders.kis.errors import NotSentError, UnsupportedError
from orders.kis.revisions import RevisionFacts
from orders.kis.schemas import Account, Sessions
from orders.kis.tr_ids import Environment
from orders.kis.translate import SendOutcome
from orders.models import KisConnection, Order, OrderCommand
from orders.pace import wait_turn
from orders.permissions import connection_of, sessions
from orders.token_store import DatabaseTokenStore

log = logging.getLogger(__name__)


def config(connection: KisConnection) -> KisConfig:
    return KisConfig(
        environment=Environment(connection.environment),
        rest_url=connection.rest_url.rstrip("/"),
        ws_url=connection.ws_url,
        app_key=connection.app_key,
        app_secret=connection.app_secret,
        hts_id=connection.hts_id,
        customer_type=connection.customer_type,
        personal_sec_key=connection.personal_sec_key,
        mac_address=connection.mac_address,
        phone_number=connection.phone_number,
        ip_addr=connection.ip_addr,
    )


def new_gt_uid() -> str:
    """An id unique to one request, 32 characters."""
    return uuid.uuid4().hex


def _refuse_shifted_clock(connection: KisConnection) -> None:
    for address in (connection.rest_url, connection.ws_url):
        try:
            refuse_shifted_clock(address)
        except GatewayRefused as error:
            raise NotSentError(str(error)) from error


def client(connection: KisConnection, turn: Turn = Turn.INQUIRY) -> KisClient:
    """A client with its own HTTP session, to ask with. Each request waits for its turn.

    Raises NotSentError while the business clock is shifted and the gateway is a real one.
    """
    _refuse_shifted_clock(connection)
    settings = config(connection)
    tokens = token_source(connection, settings)
    ports = Ports(
        token=tokens,
        forget_token=tokens.forget,
        limiter=lambda: wait_turn(connection, turn),
        new_gt_uid=new_gt_uid,
    )
    return KisClient(settings, new_session(), ports, row_sessions())


def token_source(connection: KisConnection, settings: KisConfig) -> auth.TokenSource:
    return auth.TokenSource(settings, new_session(), DatabaseTokenStore(connection.pk), clock.now, time.sleep)


def row_sessions() -> Sessions:
    return Sessions(is_daytime=sessions().daytime_session_contains, evening_before=_evening_before)


def _evening_before(day: date) -> date:
    """The trading day before: on its evening the night session dated `day` began."""
    before = day - timedelta(days=1)
    while not sessions().is_trading_day(Calendar.KRX, before):
        before -= timedelta(days=1)
    return before


@dataclass(frozen=True, slots=True)
class Sender:
    """Ready to send for one app key: the token is at hand, so nothing but the send is left to do."""

    connection: KisConnection
    client: KisClient

    def send(self, request: OrderRequest, gt_uid: str, still_good: Callable[[], bool]) -> SendOutcome:
        """One request, unless `still_good()` says no when nothing but its first byte is left to do.

        Never raises for what the network or the broker does.
        """
        return self.client.send(request, gt_uid, still_good)


def sender(order: Order) -> Sender:
    """With the token at hand and its place in the queue taken, so that a send waits for nothing any more.

    Raises NotSentError (UnsupportedError, TokenWaitError) and KisError while nothing has been sent.
    """
    connection = connection_of(order)
    if connection is None:
        raise UnsupportedError("the account has no active connection")
    _refuse_shifted_clock(connection)
    settings = config(connection)
    tokens = token_source(connection, settings)
    token = tokens()  # one for the whole send: another fetch might wait for seconds, with the right to send taken
    wait_turn(connection, Turn.ORDER)
    ports = Ports(lambda: token, tokens.forget, _no_wait, new_gt_uid)
    return Sender(connection, KisClient(settings, new_session(), ports, row_sessions()))


def _no_wait() -> None:
    """The place was taken before the right to send; a second try follows only where the first did not leave."""


def request_for(connection: KisConnection, order: Order, command: OrderCommand) -> OrderRequest:
    """The wire request of one command, from its pre-image alone, whatever was learnt of the order since.

    Raises UnsupportedError for what KIS does not take, ValueError for figures that cannot be.
    """
    before = command.pre_image
    return revisions.request(
        RevisionFacts(
            account=Account(order.account.kis.cano, order.account.kis.product),
            environment=Environment(connection.environment),
            market=Market(before["market"]),
            action=Action(command.type),
            exchange=before["exchange"],
            symbol=order.symbol,
            number=int(before["number"]),
            order_date=date.fromisoformat(before["order_date"]),
            leaves_qty=Decimal(before["leaves_qty"]),
            quantity=command.quantity,
            price=command.price,
            order_type=before["order_type"],
            forward_org=before["forward_org"],
            order_price=Decimal(before["price"]) if before["price"] else None,
            zero_price_on_cancel=connection.daytime_cancel_sends_zero_price,
            side=Side(order.side),
            currency=order.currency,
        )
    )
