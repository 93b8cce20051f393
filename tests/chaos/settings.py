"""The portal's own settings, with a channel layer that loses messages where there is one between processes."""

from __future__ import annotations

from portal.settings import *  # noqa: F403 - Django's way to extend settings
from portal.settings import CHANNEL_LAYERS, ENV

if ENV.REDIS_URL:
    CHANNEL_LAYERS["default"]["BACKEND"] = "tests.chaos.layers.LossyLayer"
