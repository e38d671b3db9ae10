"""Passwords: Argon2id, at most two at once, and as slow for a user that does not exist as for one that does.

A hash takes 64 MiB and about a tenth of a second of one core (measured in benchmarks/store.py); two at once leave a
small machine able to do its work while somebody tries passwords. Who comes meanwhile waits, bounded, and is then told
to come back. Runs in the caller's thread; never called from a work of the writer.
"""

from __future__ import annotations

import threading
import unicodedata

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from config.says import says
from hub.errors import ConfigurationError, Mistake, StoreBusyError

AT_ONCE = 2
MOST_WAITING = 20
"""Half of the threads that answer requests: whoever tries passwords must not keep everybody else waiting."""
_WAIT_S = 10.0

SHORTEST = 10
"""NIST SP 800-63B asks for 8 and advises 15; there is a lock-out, and a second factor for who wants one."""
LONGEST = 256
_LONGEST_TYPED = 4 * LONGEST
"""Before normalisation, which joins letters and their marks; longer is wrong, and not worth normalising."""


class Passwords:
    """Hashes and compares. Safe from any thread."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        """Hash with `hasher`; None takes the library's parameters, which follow RFC 9106."""
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._places = _Places()

    def hash(self, password: str) -> str:
        """The hash to keep.

        Raises:
            ConfigurationError: The password is too short or too long.
            StoreBusyError: Too many are waiting.
        """
        text = unicodedata.normalize("NFKC", password)
        if not SHORTEST <= len(text) <= LONGEST:
            message = says(
                "a password has {least} to {most} characters",
                "密码要有 {least} 到 {most} 个字符",
                least=SHORTEST,
                most=LONGEST,
            )
            raise ConfigurationError((Mistake(None, "password", message),))
        return self._limited_hash(text)

    def verify(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        """Whether this is the password, and a better hash to keep if `kept` has outdated parameters.

        Args:
            password: As typed.
            kept: The hash, or None when there is no such user: then the same time is spent for nothing.

        Raises:
            StoreBusyError: Too many are waiting.
        """
        text = unicodedata.normalize("NFKC", password[: _LONGEST_TYPED + 1])
        if kept is None or len(password) > _LONGEST_TYPED:
            self._limited_hash(text)
            return False, None
        with self._places:
            return self._hash.verify_and_update(text, kept)

    def _limited_hash(self, text: str) -> str:
        with self._places:
            return self._hash.hash(text)


class _Places:
    """The few places for hashing, one taken for a `with` block; who finds too many waiting does not wait."""

    def __init__(self) -> None:
        self._hashing = threading.BoundedSemaphore(AT_ONCE)
        self._inside = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)

    def __enter__(self) -> None:
        if not self._inside.acquire(blocking=False):
            raise StoreBusyError("too many sign-ins at once")
        if not self._hashing.acquire(timeout=_WAIT_S):
            self._inside.release()
            raise StoreBusyError("too many sign-ins at once")

    def __exit__(self, *_error: object) -> None:
        self._hashing.release()
        self._inside.release()
