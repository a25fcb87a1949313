"""Canonical JSON and its hash: the same value is always the same text, so that fingerprints can be compared."""

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """`value` (what JSON can hold) as text: sorted keys, no spaces, characters as they are, no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: Any) -> str:
    """The SHA-256 of the canonical JSON of `value`, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
