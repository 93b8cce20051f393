"""Everything that a run draws comes from its seed, and each place draws for itself."""

from __future__ import annotations

import random


def drawn(seed: int, place: str = "") -> random.Random:
    """The same seed and place always draw the same."""
    return random.Random(f"{seed}:{place}")  # noqa: S311 - a market and its accidents, not a secret
