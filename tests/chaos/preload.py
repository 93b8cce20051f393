"""What every process of the product imports, done once before they are forked: a start then takes 0.1 s, not 2 s.

Opens no connection and starts no thread, for neither would survive the fork.
"""

from __future__ import annotations

import django

django.setup()

import uvicorn.main  # noqa: E402 - after the settings are read

import orders.notice_stream  # noqa: E402
import portal.asgi  # noqa: E402
import portal.urls  # noqa: E402

LOADED = (uvicorn.main, orders.notice_stream, portal.asgi, portal.urls)
