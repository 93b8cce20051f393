"""The one WebSocket address."""

from __future__ import annotations

from django.urls import path

from accounts.consumers import LiveConsumer

# Channels routes an ASGI application through path(), which Django types for views.
websocket_urlpatterns = [path("ws/live/", LiveConsumer.as_asgi())]  # type: ignore[arg-type]
