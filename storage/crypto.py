"""Secrets at rest: Fernet with rotation (newest key first), each secret bound to its place.

Fernet has no associated data, so a writer of the database could move a ciphertext to another row.
The place ("connection:3f…:in") is therefore sealed in with the value and compared when opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from storage.errors import StorageError, WrongKey


class Vault:
    """Seals and opens JSON values.

    Args:
        keys: Fernet keys (32 bytes, URL-safe base64), newest first.

    Raises:
        StorageError: a key is not a Fernet key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys if key.strip()])
        except (ValueError, TypeError) as error:
            raise StorageError(
                "CANAL_SECRET_KEY is not a key: it wants 32 random bytes in URL-safe base64 "
                "(`canal key new` prints one)."
            ) from error

    def __repr__(self) -> str:
        return "Vault(…)"

    def seal(self, place: str, value: Any) -> bytes:
        plain = json.dumps({"place": place, "value": value}).encode()
        return self._fernet.encrypt(plain)

    def open(self, place: str, sealed: bytes) -> Any:
        """The value sealed for `place`.

        Raises:
            WrongKey: no key opens it.
            StorageError: it was sealed for another place.
        """
        try:
            box = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken as error:
            raise WrongKey from error
        if box["place"] != place:
            raise StorageError(f"the secret found at {place} was not made for it")
        return box["value"]

    def rotate(self, sealed: bytes) -> bytes:
        """The same secret under the newest key."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise WrongKey from error
