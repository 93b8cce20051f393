"""Error answers: a problem document under `/api/`, a page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from accounts import problems

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return problems.problem(400, "bad_request", _("요청을 읽을 수 없습니다."))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return problems.problem(403, "permission_denied", _("권한이 없습니다."))
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return problems.not_found()
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django has logged the error; the answer tells nothing of it."""
    if request.path.startswith(API_PREFIX):
        return problems.problem(500, "server_error", _("서버에서 오류가 났습니다."))
    return defaults.server_error(request)
