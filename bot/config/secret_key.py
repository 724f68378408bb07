"""The key for secrets at rest: from the environment, from a file, or made once in the data folder.

The keys are Fernet keys, newest first: the first encrypts, all decrypt. A key that is made here is
never overwritten, also not by a second Canal that starts at the same instant.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from bot.config.settings import Settings
from bot.config.types import parse_keys
from bot.problems import StartupError, folder_not_writable

KEY_FILE = "secret.key"


def load_secret_keys(settings: Settings) -> tuple[str, ...]:
    """The keys, newest first; makes the data folder's key where none is set and none is there.

    Raises StartupError with a sentence that never holds any of a key; also for a SQLite database
    whose key is lost, since a new one would not open it.
    """
    if settings.is_sqlite:
        ensure_data_dir(settings.data_dir)  # also where the key is not kept in it
    keys = find_secret_keys(settings)
    if keys is not None:
        return keys
    refuse_lost_key(settings)
    ensure_data_dir(settings.data_dir)
    path = settings.data_dir / KEY_FILE
    _create(path, new_key())
    return read_key_file(path, "The key file")


def find_secret_keys(settings: Settings) -> tuple[str, ...] | None:
    """As `load_secret_keys`, but makes nothing: None where a start would make the key."""
    if settings.secret_key is not None:
        return parse_keys(settings.secret_key.get_secret_value())
    if settings.secret_key_file is not None:
        return read_key_file(settings.secret_key_file, "CANAL_SECRET_KEY_FILE")
    path = settings.data_dir / KEY_FILE
    return read_key_file(path, "The key file") if path.exists() else None


def refuse_lost_key(settings: Settings) -> None:
    """Where no key is set and none is there: raises StartupError if there is a database already."""
    file = settings.sqlite_file
    if file is not None and file.is_file() and file.stat().st_size:
        raise StartupError(
            f"There is a database, {file}, but no key for it in {settings.data_dir}: put its "
            f"{KEY_FILE} back there, or set CANAL_SECRET_KEY."
        )


def new_key() -> str:
    """A fresh Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


def ensure_data_dir(path: Path) -> None:
    """Makes the data folder, readable by its owner alone. Raises StartupError."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise folder_not_writable(path, error) from error


def read_key_file(path: Path, source: str) -> tuple[str, ...]:
    """The keys in a file, newest first; `source` begins the sentence of the StartupError."""
    try:
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise StartupError(f"{source} {path} is not a text file with a key.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StartupError(f"{source} {path} cannot be read: {reason}.") from error
    try:
        return parse_keys(text)
    except ValueError as error:
        raise StartupError(f"{source} {path} {error}") from error


def _create(path: Path, key: str) -> None:
    """Writes aside and links into place: the file is whole or absent, and the first one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise folder_not_writable(path.parent, error) from error


def _sync_folder(path: Path) -> None:
    """Without this a power cut could take the new name with it, and with it every secret."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
