"""Real servers that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.servers.dovecot import Dovecot, running_dovecot

_numbers = count(1)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """One Dovecot with IDLE for the whole run; every test makes its own user in it."""
    with running_dovecot() as server:
        yield server


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """A fresh, empty mailbox with the password "secret"."""
    name = f"jo{next(_numbers)}@shop.example"
    dovecot.add_user(name)
    return name
