"""The OpenAPI document and its page, to whoever is signed in. Every script of the page is our own file."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated


class ApiSchema(SpectacularAPIView):
    permission_classes = (IsAuthenticated,)
    throttle_scope = "read"


class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI in two files: a page without a script of its own, which the content policy would refuse."""

    permission_classes = (IsAuthenticated,)
    throttle_scope = "read"
    template_name = "portal/api_docs.html"
