"""The master key file on disk: written whole or not at all, never over another, readable by its owner alone."""

import base64
import os
import secrets
from pathlib import Path

INDEX = "index"


class KeyringError(Exception):
    """The master keys are missing or unusable; the text says what to do, and never holds a key."""


def create_key_file(path: Path) -> None:
    """A new file with an index key and one master key. Raises FileExistsError rather than replace one.

    Whoever loses this file loses every personal value stored under it: it belongs in a backup of its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = _write_beside(path, _line(INDEX) + _line("k1"))
    try:
        # A link fails where the name is taken; a rename would replace a key that data was sealed with.
        os.link(temporary, path)
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def add_key(path: Path) -> str:
    """Adds a new master key; gives its id. Whoever runs wraps with it within seconds; the old ones stay, to unwrap."""
    text = path.read_text(encoding="ascii")
    taken = {line.split()[0] for line in text.splitlines() if line.strip()}
    key_id = next(name for name in (f"k{number}" for number in range(1, len(taken) + 2)) if name not in taken)
    _replace(path, text.rstrip("\n") + "\n" + _line(key_id))
    return key_id


def remove_key(path: Path, key_id: str) -> None:
    """Takes a master key out. What still stands under it can never be read again: see first that nothing does."""
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    kept = [line for line in lines if line.split()[:1] != [key_id]]
    if key_id == INDEX or len(kept) != len(lines) - 1:
        raise KeyringError(f"There is no master key {key_id} in {path}.")
    _replace(path, "".join(kept))


def _replace(path: Path, text: str) -> None:
    os.replace(_write_beside(path, text), path)
    _sync_folder(path.parent)


def _line(key_id: str) -> str:
    return f"{key_id} {base64.b64encode(secrets.token_bytes(32)).decode()}\n"


def _write_beside(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
