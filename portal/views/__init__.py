"""Pages and answers that belong to no single app."""

from portal.views.documents import ApiDocs, ApiSchema
from portal.views.errors import bad_request, not_found, permission_denied, server_error
from portal.views.health import healthz, metrics, readyz
from portal.views.simulator import simulator
from portal.views.today import today

__all__ = [
    "ApiDocs",
    "ApiSchema",
    "bad_request",
    "healthz",
    "metrics",
    "not_found",
    "permission_denied",
    "readyz",
    "server_error",
    "simulator",
    "today",
]
