"""Hashes of settings: what keys of results are made of. Light: for whoever settles threads before numpy is loaded."""

import hashlib
import json
from typing import Any

__all__ = ["settings_hash"]


def settings_hash(*settings: Any) -> str:  # noqa: ANN401 (anything JSON can hold)
    """Sixteen hexadecimal digits that change with any of the ``settings``."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
