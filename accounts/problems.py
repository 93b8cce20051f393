"""Every error of the REST API as RFC 9457 `application/problem+json`.

`{"type", "title", "status", "detail", "code"}`, and `errors` {field: [reasons]} where a value was refused. A 404 says
the same to the byte whatever was asked for: what a person may not see does not exist.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"
NO_FIELD = "non_field_errors"
Errors = Mapping[str, list[str]]


def problem(status: int, code: str, detail: str, errors: Errors | None = None) -> HttpResponse:
    """One problem document. `code` is for programs and does not change with the language; `detail` is for people."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        body["errors"] = errors
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=CONTENT_TYPE)


def not_found() -> HttpResponse:
    """The one answer for what is not there and for what is not the asker's."""
    return problem(404, "not_found", _("찾을 수 없습니다."))


def problem_response(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. None lets an unforeseen error go on to Django, which logs it and answers 500."""
    del context
    if isinstance(exc, Http404 | exceptions.NotFound):
        return not_found()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    response = refused(exc.detail) if isinstance(exc, exceptions.ValidationError) else _plain(exc)
    for name, value in _headers(exc).items():
        response.headers[name] = value
    return response


def refused(detail: Any) -> HttpResponse:
    """422 with the fields named. `detail` is what a ValidationError holds."""
    errors = {key: _texts(value) for key, value in detail.items()} if isinstance(detail, dict) else None
    return problem(422, "invalid", _("값을 받아들일 수 없습니다."), errors or {NO_FIELD: _texts(detail)})


def _plain(exc: exceptions.APIException) -> HttpResponse:
    codes = exc.get_codes()
    return problem(exc.status_code, codes if isinstance(codes, str) else "error", str(exc.detail))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    return [str(value)]


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    return headers
