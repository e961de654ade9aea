"""The master keys: the newest wraps, every one unwraps, so a key is rotated by adding a line and rewrapping at leisure.

Kept as text, one key a line, the newest last:

    index <base64 of 32 bytes>
    k1 <base64 of 32 bytes>
    k2 <base64 of 32 bytes>

`index` makes the blind indexes and is never rotated: a new one would find nothing that an old one stored. A keyring that
was read from a file sees within RELOAD_SECONDS that the file has changed, and at once when it meets a key that it does not
have: so a key is added, and an old one taken away, while services run. No error, representation or log holds a key.
"""

import base64
import hashlib
import hmac
import os
import re
import time
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.privacy.keyfile import INDEX, KeyringError
from shared.privacy.sealed import KEY_BYTES, VERSION, DataKey, SealBroken, WrappedKey, bound_to, seal, unseal

RELOAD_SECONDS = 2.0

log = structlog.get_logger(__name__)

_LINE = re.compile(r"([A-Za-z0-9.-]{1,32})[ \t]+(\S+)")
_ID_END = b" "


class Keyring:
    """`Keyring.from_file(path)`; then `new_key`, `unwrap`, `rewrap`, and `seal`/`open` for what has no subject."""

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        """`keys` by id, the newest last, each of 32 bytes."""
        if not keys:
            raise KeyringError(
                "There is no master key. Create a key file with `waypost keys create`, or restore yours."
            )
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_key = index_key
        self._derived: dict[tuple[str, str], bytes] = {}
        self._indexing: dict[str, hmac.HMAC] = {}
        self._path: Path | None = None
        self._seen: tuple[int, int] | None = None
        self._looked_at = 0.0

    @classmethod
    def from_file(cls, path: Path) -> "Keyring":
        """The keys in a file; raises KeyringError, which says what to do."""
        seen = _state_of(path)
        keyring = cls.from_text(_text_of(path), str(path))
        keyring._path, keyring._seen, keyring._looked_at = path, seen, time.monotonic()
        return keyring

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], name: str = "WAYPOST_MASTER_KEYS") -> "Keyring":
        """The keys in a variable that holds the same lines as a file."""
        if not environment.get(name):
            raise KeyringError(f"{name} is not set. Give it the lines of a master key file.")
        return cls.from_text(environment[name], name)

    @classmethod
    def from_text(cls, text: str, source: str) -> "Keyring":
        """The keys in lines of `<key id> <base64>`; blank lines and lines that start with # do not count."""
        keys: dict[str, bytes] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            key_id, key = _read_line(line.strip(), f"{source}, line {number}")
            if key_id in keys:
                raise KeyringError(f"{source}, line {number}: the key id {key_id} is there twice. Keep one of the two.")
            keys[key_id] = key
        index_key = keys.pop(INDEX, None)
        if index_key is None:
            raise KeyringError(f"{source} has no line '{INDEX} <base64 of 32 bytes>'. Restore the file from your copy.")
        return cls(keys, index_key)

    @property
    def newest(self) -> str:
        """The id of the master key that wraps."""
        self._look()
        return next(reversed(self._ciphers))

    @property
    def ids(self) -> list[str]:
        """The ids of the master keys, the newest last."""
        self._look()
        return list(self._ciphers)

    def new_key(self, subject: str) -> tuple[DataKey, WrappedKey]:
        """A fresh key for a subject, and the same key as it is to be stored."""
        key = os.urandom(KEY_BYTES)
        return DataKey(subject, key), self._wrap(subject, key)

    def unwrap(self, subject: str, wrapped: WrappedKey) -> DataKey:
        """The subject's key; raises SealBroken when it is not this subject's, KeyringError when the master key is gone."""
        return DataKey(subject, self._unwrap(subject, wrapped))

    def rewrap(self, subject: str, wrapped: WrappedKey) -> WrappedKey:
        """The same key under the newest master key, so that an old master key can be retired."""
        return self._wrap(subject, self._unwrap(subject, wrapped))

    def seal(self, part: str, value: bytes) -> bytes:
        """Bytes that belong to no subject, sealed under the newest master key; the key's id goes in front."""
        newest = self.newest
        return sealed_by(newest) + seal(self._ciphers[newest], bound_to("", part), value)

    def open(self, part: str, blob: bytes) -> bytes:
        """What `seal` was given for this part; raises SealBroken or KeyringError."""
        key_id, end, sealed = blob[1:].partition(_ID_END)
        if blob[:1] != VERSION or not end:
            raise SealBroken("not a sealed value, or sealed by a later version")
        return unseal(self._cipher(key_id.decode("ascii", "replace")), bound_to("", part), sealed)

    def reseal(self, part: str, blob: bytes) -> bytes:
        """The same value under the newest master key."""
        return self.seal(part, self.open(part, blob))

    def blind_index(self, purpose: str, *values: str) -> str:
        """64 hex signs by which equal values are found without being read: case, accents and spacing do not count.

        One purpose's index says nothing about another's. Without the index key, guessing values leads nowhere.
        """
        plain = [normalised(value) for value in values]
        message = "".join(f"{len(value)}:{value}" for value in plain).encode()
        if purpose not in self._indexing:
            self._indexing[purpose] = hmac.new(self.derived(purpose, "blind index"), digestmod=hashlib.sha256)
        # The key is worked in once: a copy goes on from there.
        found = self._indexing[purpose].copy()
        found.update(message)
        return found.hexdigest()

    def derived(self, purpose: str, kind: str = "key") -> bytes:
        """A key for one purpose, made of the index key, which is never rotated: for keyed hashes that must hold for ever."""
        if (kind, purpose) not in self._derived:
            info = f"waypost {kind}: {purpose}".encode()
            self._derived[kind, purpose] = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._index_key)
        return self._derived[kind, purpose]

    def _wrap(self, subject: str, key: bytes) -> WrappedKey:
        newest = self.newest
        return WrappedKey(newest, seal(self._ciphers[newest], bound_to(subject, "key"), key))

    def _unwrap(self, subject: str, wrapped: WrappedKey) -> bytes:
        return unseal(self._cipher(wrapped.key_id), bound_to(subject, "key"), wrapped.blob)

    def _cipher(self, key_id: str) -> AESGCM:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            # Another process may have seen a new key before this one.
            self._look(at_once=True)
            cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyringError(f"The master key {key_id} is not in the key file. Put its line back, before the newest.")
        return cipher

    def _look(self, at_once: bool = False) -> None:
        """Takes the file's keys when it has changed. One that cannot be used is left: what is known goes on."""
        now = time.monotonic()
        if self._path is None or (now - self._looked_at < RELOAD_SECONDS and not at_once):
            return
        self._looked_at = now
        try:
            seen = _state_of(self._path)
            if seen == self._seen:
                return
            fresh = Keyring.from_text(_text_of(self._path), str(self._path))
        except KeyringError:
            log.warning("keys.unreadable")
            return
        if fresh._index_key != self._index_key:
            log.warning("keys.of-another-installation")
            return
        self._ciphers, self._seen = fresh._ciphers, seen
        log.info("keys.reloaded", newest=next(reversed(self._ciphers)))


def sealed_by(key_id: str) -> bytes:
    """How everything begins that `seal` made under a master key."""
    return VERSION + key_id.encode() + _ID_END


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise KeyringError(f"The master key file {path} is not text. Restore it from your copy.") from None


def _state_of(path: Path) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return found.st_mtime_ns, found.st_ino


def _unreadable(path: Path, error: OSError) -> KeyringError:
    return KeyringError(
        f"The master key file {path} cannot be read ({error.strerror}). Create one, or restore yours: without "
        "it, nothing personal that was stored can be read."
    )


def normalised(text: str) -> str:
    """`text` as an index sees it: no case, no accents, single spaces."""
    if text.isascii():
        return " ".join(text.casefold().split())
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in letters if not unicodedata.combining(sign)).casefold().split())


def _read_line(line: str, where: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise KeyringError(f"{where}: write '<key id> <base64 of 32 bytes>'.")
    try:
        key = base64.b64decode(match[2], validate=True)
    except ValueError:
        raise KeyringError(f"{where}: what follows the key id is not base64.") from None
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{where}: the key has {len(key)} bytes where 32 are needed.")
    return match[1], key
