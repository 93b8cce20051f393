"""HTTP to Django, WebSockets to the live stream."""

from __future__ import annotations

import os
import warnings

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# WhiteNoise hands files over as plain iterators, which Django reads in a thread: right for files, and no news.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
django_application = get_asgi_application()

from accounts.routing import websocket_urlpatterns  # noqa: E402 - models need the application made above

# The stubs know Channels' own kind of pattern alone; path() makes Django's.
websockets = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]
application = ProtocolTypeRouter({"http": django_application, "websocket": websockets})
