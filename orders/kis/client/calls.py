"""One call of requests and its answer, in this room's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from orders.kis import codes
from orders.kis.errors import BadAnswerError, NoAnswerError, NotSentError, RefusedError, TokenRejectedError
from orders.kis.schemas import ErrorAnswer, parse_error
from orders.kis.schemas.answers import parse_json

TIMEOUT = (2.0, 5.0)  # seconds to connect, and between two bytes of the answer


def ask(call: Callable[[], requests.Response]) -> requests.Response:
    """Runs one call of requests. Raises NotSentError when no connection came about, NoAnswerError for all else.

    The library's own words are left out, also from the chain of causes: they quote the address with its account number.
    """
    try:
        return call()
    except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.InvalidURL) as error:
        raise NotSentError(type(error).__name__) from None
    except requests.RequestException as error:
        timed_out = isinstance(error, requests.Timeout)
        raise NoAnswerError(type(error).__name__, timed_out=timed_out) from None


def raise_for_refusal(response: requests.Response) -> dict[str, Any]:
    """The body of a success. Raises BadAnswerError, RefusedError or TokenRejectedError."""
    try:
        body = parse_json(response.content)
    except BadAnswerError as error:
        raise BadAnswerError(f"HTTP {response.status_code}, {error}") from error
    error_answer = parse_error(body)
    if error_answer is not None:
        kind = TokenRejectedError if error_answer.code in codes.TOKEN_REJECTED else RefusedError
        raise kind(error_answer.code, error_answer.message, response.status_code)
    if response.status_code != 200:
        raise BadAnswerError(f"HTTP {response.status_code} without an error code")
    return body


def error_in(response: requests.Response) -> ErrorAnswer | None:
    """The error that an answer tells, None for a success and for what cannot be read."""
    try:
        return parse_error(parse_json(response.content))
    except BadAnswerError:
        return None
