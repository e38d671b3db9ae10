"""Audit: what an entry of the audit log says, how each is bound to all before it, and how a broken chain is found.

An entry's hash is SHA-256 over the hash of the entry before and the entry's own canonical bytes, its number among them:
nothing can be changed, taken out, put in or moved without every later hash being another. What is cut off at the end,
and a chain that somebody made anew from the first entry on, are seen by a signed head alone, kept elsewhere. Pure: no
store, no clock, no key.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.events import time_to_text

BEGINNING = bytes(32)
"""What stands for the hash before the first entry."""
LOOK_AHEAD = 10_000
"""Where an entry does not fit, the one that belongs there is looked for among so many after it."""
_LONGEST = 500
_MOST_DETAILS = 24
_MOST_LISTED = 64

Detail = str | int | float | bool | None | Sequence[str]
"""What may stand beside an entry: never a secret, so of a setting its name and not its value."""


class Action(enum.StrEnum):
    """What somebody did."""

    VIEW = "view"
    """Watched live."""
    PLAYBACK = "playback"
    """Watched what was recorded."""
    STILL = "still"
    """Saw a picture."""
    EXPORT = "export"
    """Took pictures or lists away as a file."""
    SEARCH = "search"
    """Looked through what others did, or for somebody."""
    CHANGE = "change"
    """Changed something that has no word of its own here."""
    GIVE = "give"
    """Gave a permission, a key or an invitation."""
    TAKE_BACK = "take_back"
    """Took one back."""
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    REFUSED = "refused"
    """Asked for what is not for him."""
    BREAK_GLASS = "break_glass"
    """Saw a household's camera against its consent."""
    CONSENT = "consent"
    """Decided what the cameras of the own home are for."""
    SHARE = "share"
    """Shared a camera of the own home, or ended that."""
    ERASE = "erase"
    """Deleted recordings, or what is known of a person."""
    MOVE = "move"
    """Turned a camera."""
    SETTING_UP = "setting_up"
    """Looked for devices, tried them, took them in."""
    BACKUP = "backup"
    """Took a copy of the hub's data, or put one back."""
    RUN = "run"
    """The hub itself began or ended."""


class Outcome(enum.StrEnum):
    """How it went."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did or was refused.

    Attributes:
        at: When, zone known.
        action: What.
        outcome: How it went.
        account: Id of the account; empty for nobody known.
        actor: Its name then, or what was typed, or `system`, or `file`.
        role: Its role then; empty for nobody known.
        kind: Of what it was done to: `camera`, `incident`, `account`, ...; empty for nothing.
        id: Its id.
        camera: The camera whose pictures or settings it is about, if any.
        site: Where that was then.
        address: Network address it came from; empty for the hub itself.
        more: Details, no secrets.
    """

    at: datetime
    action: Action
    outcome: Outcome = Outcome.DONE
    account: str = ""
    actor: str = ""
    role: str = ""
    kind: str = ""
    id: str = ""
    camera: str | None = None
    site: str | None = None
    address: str = ""
    more: Mapping[str, Detail] = field(default_factory=dict)

    def texts(self) -> Texts:
        """Its columns, as they are stored and hashed; what is too long is cut, for a client must not fill the disk."""
        return (
            time_to_text(self.at),
            _text(self.account),
            _text(self.actor),
            _text(self.role),
            self.action.value,
            self.outcome.value,
            _text(self.kind),
            _text(self.id),
            None if self.camera is None else _text(self.camera),
            None if self.site is None else _text(self.site),
            _text(self.address),
            _body(self.more),
        )


Texts = tuple[str, str, str, str, str, str, str, str, str | None, str | None, str, str]
"""Time, account, actor, role, action, outcome, kind, id, camera, site, address, and details as JSON."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as it lies in the log."""

    number: int
    texts: Texts
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """What the log ended with at a moment.

    Attributes:
        number: Of its last entry; 0 for an empty log.
        hash: Of that entry.
        at: When that was written down, as `time_to_text` writes it.
    """

    number: int
    hash: bytes
    at: str

    def signed_bytes(self) -> bytes:
        """What a signature of it is over."""
        return b"hub audit head 1\n" + _json([self.number, self.hash.hex(), self.at])


class Fault(enum.StrEnum):
    """How a chain is broken."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    CUT_OFF = "cut_off"
    MADE_ANEW = "made_anew"


FAULTS: Mapping[Fault, str] = {
    Fault.CHANGED: "the entry, its number or its hash was changed",
    Fault.MISSING: "the entry is missing",
    Fault.REORDERED: "an entry that belongs here stands further on",
    Fault.CUT_OFF: "the log ends before an entry that a signed head names",
    Fault.MADE_ANEW: "the entry is not the one that a signed head names: the chain was made anew",
}
"""In words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        entries: How many fit.
        head: The last one that fits.
        heads: How many signed heads were compared.
        broken: Number of the first entry that does not fit; None when all do.
        fault: How.
    """

    entries: int
    head: Head
    heads: int = 0
    broken: int | None = None
    fault: Fault | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


class Verifier:
    """Goes along a log, entry by entry, in constant memory (but for the entries after a break, see LOOK_AHEAD)."""

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        """Hold it to `heads`, whose signatures were checked before."""
        self._heads: dict[int, bytes] = {}
        self._anew: int | None = None
        for head in heads:
            if self._heads.setdefault(head.number, head.hash) != head.hash:  # signed twice, differently
                self._anew = min(head.number, self._anew or head.number)
        self._compared = 0
        self._last = 0
        self._hash = BEGINNING
        self._at = ""
        self._broken: int | None = None
        self._fault: Fault | None = None
        self._wanted = b""
        self._looked = 0

    @property
    def checked(self) -> int:
        """How many entries fit so far."""
        return self._last

    def take(self, sealed: Sealed) -> bool:
        """Look at the next entry, by number; gives whether to go on."""
        if self._fault is not None:
            return self._look_ahead(sealed)
        expected = self._last + 1
        if sealed.number != expected:
            return self._break(expected, Fault.MISSING if sealed.number > expected else Fault.CHANGED)
        if seal(expected, sealed.texts, self._hash) != sealed.hash:
            self._break(expected, Fault.CHANGED)
            return True
        signed = self._heads.get(expected)
        if signed is not None:
            self._compared += 1
            if signed != sealed.hash:
                return self._break(expected, Fault.MADE_ANEW)
        self._last, self._hash, self._at = expected, sealed.hash, sealed.texts[0]
        return True

    def verdict(self) -> Verdict:
        """What was found, when there are no further entries."""
        if self._fault is None:
            beyond = [number for number in self._heads if number > self._last]
            if beyond:
                self._break(self._last + 1, Fault.CUT_OFF)
            elif self._anew is not None:
                self._break(self._anew, Fault.MADE_ANEW)
        return Verdict(self._last, Head(self._last, self._hash, self._at), self._compared, self._broken, self._fault)

    def _break(self, number: int, fault: Fault) -> bool:
        self._broken, self._fault = number, fault
        return False

    def _look_ahead(self, sealed: Sealed) -> bool:
        """Whether the entry that belongs at the break only stands elsewhere."""
        self._looked += 1
        if seal(self._last + 1, sealed.texts, self._hash) == sealed.hash:
            return self._break(self._last + 1, Fault.REORDERED)
        return self._looked < LOOK_AHEAD


def verify(entries: Iterable[Sealed], heads: Iterable[Head] = ()) -> Verdict:
    """Go along all entries, in the order of their numbers, and say where the chain breaks first and how."""
    verifier = Verifier(heads)
    for sealed in entries:
        if not verifier.take(sealed):
            break
    return verifier.verdict()


def canonical(number: int, texts: Texts) -> bytes:
    """The one form of bytes of an entry: a JSON list without spaces, in UTF-8."""
    return _json([number, *texts])


def seal(number: int, texts: Texts, before: bytes) -> bytes:
    """The hash of an entry, 32 bytes, given that of the entry before."""
    return hashlib.sha256(before + canonical(number, texts)).digest()


def chain(texts: Iterable[Texts], *, number: int = 0, before: bytes = BEGINNING) -> Iterable[Sealed]:
    """Entries bound to each other and to the one of this `number` before them."""
    for each in texts:
        number += 1
        before = seal(number, each, before)
        yield Sealed(number, each, before)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json(value: object) -> bytes:
    return _encode(value).encode()


def _text(text: str) -> str:
    """Without what a database cannot hold, and not longer than anything honest is."""
    return text[:_LONGEST].encode(errors="replace").decode().replace("\x00", "\ufffd")


def _body(more: Mapping[str, Detail]) -> str:
    """Details as canonical JSON: names in order, nothing that is not said."""
    kept = sorted((name, value) for name, value in more.items() if value is not None)[:_MOST_DETAILS]
    return json.dumps({name: _detail(value) for name, value in kept}, ensure_ascii=False, separators=(",", ":"))


def _detail(value: Detail) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return [_text(str(each)) for each in value[:_MOST_LISTED]]
    if isinstance(value, float) and value not in (float("inf"), float("-inf")) and value == value:  # noqa: PLR0124
        return round(value, 3)
    return value if isinstance(value, (bool, int)) else str(value)
