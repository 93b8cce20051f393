"""A channel layer that loses messages: browsers have to follow all the same, since the database tells them too."""

from __future__ import annotations

import random
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer  # type: ignore[import-untyped]  # it has none

LOST = 0.3


class LossyLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # its base has no types
    """Loses every third poke or so."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if random.random() >= LOST:  # noqa: S311 - which one is lost need not be secret
            await self.__getattr__("group_send")(group, message)
