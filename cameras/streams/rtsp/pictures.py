"""Pictures: NAL units put together to whole pictures, as a decoder and a recording want them.

A picture ends with the packet that is marked, or where the next one's time begins: there are cameras that mark no
packet, and some that mark each. Of a picture of which a part was lost the whole units are kept, as FFmpeg does.
Parameter sets wait for their picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

CODE = b"\0\0\0\1"
_INNER_CODE = b"\0\0\1"

TakePicture = Callable[[int, bytearray, bool], None]
"""Gets the time, the data in Annex B, and whether decoding can begin there."""


class Pictures(ABC):
    """The pictures of one track; a codec says how its units lie in packets. Fulfils Payloads.

    Attributes:
        damaged: Packets that could not be understood.
        is_key: Whether decoding can begin with the picture that is being put together.
        has_picture: Whether there is a picture in it yet.
        sets: The newest parameter set of each kind.
    """

    def __init__(self, take: TakePicture) -> None:
        """Give whole pictures to `take`."""
        self.damaged = 0
        self.is_key = False
        self.has_picture = False
        self.sets: dict[int, bytes] = {}
        self._take_picture = take
        self._data = bytearray()
        self._time = 0
        self._told: int | None = None
        self._believes_marks = True
        self._fragment = -1

    @property
    def size_bytes(self) -> int:
        """What is held back for now."""
        return len(self._data)

    def take(self, view: memoryview, place: tuple[int, int], *, time: int, marker: bool, lost: bool) -> None:
        """The next payload; see `Payloads`."""
        if lost or time != self._time:
            self._forget_fragment()
        if time != self._time:
            if self.has_picture:
                self._tell()
            self._time = time
        begin, end = place
        self._payload(view, begin, end)
        if marker and self.has_picture and self._believes_marks and self._fragment < 0:
            self._tell()

    @abstractmethod
    def _payload(self, view: memoryview, begin: int, end: int) -> None:
        """Take the units, or the part of one, that lie there; at least one byte."""

    @abstractmethod
    def _learn(self, begin: int, end: int) -> None:
        """See what the unit is that lies there in the data."""

    def _unit(self, view: memoryview, begin: int, end: int) -> None:
        """A whole unit."""
        data = self._data
        data += CODE
        at = len(data)
        data += view[begin:end]
        self._learn(at, len(data))

    def _begin_fragment(self, head: bytes) -> None:
        self._forget_fragment()
        self._fragment = len(self._data)
        self._data += CODE
        self._data += head

    def _go_on(self, view: memoryview, begin: int, end: int, *, is_last: bool) -> None:
        if self._fragment < 0:
            self.damaged += 1
            return
        self._data += view[begin:end]
        if is_last:
            at, self._fragment = self._fragment + len(CODE), -1
            self._learn(at, len(self._data))

    def _forget_fragment(self) -> None:
        if self._fragment >= 0:
            del self._data[self._fragment :]
            self._fragment = -1

    def _picture(self, *, is_first: bool, is_key: bool) -> None:
        """A part of a picture has come."""
        if not is_first and not self.has_picture and self._told == self._time:
            self._believes_marks = False  # what was marked as the last was not
        self.has_picture = True
        self.is_key = self.is_key or is_key

    def _inner(self, begin: int, end: int) -> None:
        """There are cameras that send several units as one, with start codes between them."""
        data = self._data
        found = data.find(_INNER_CODE, begin, end)
        while found >= 0:
            at = found + len(_INNER_CODE)
            found = data.find(_INNER_CODE, at, end)
            if at < end:
                self._learn_one(at, end if found < 0 else found)

    @abstractmethod
    def _learn_one(self, begin: int, end: int) -> None:
        """As `_learn`, for a unit in which there is no other."""

    def _tell(self) -> None:
        data, is_key = self._data, self.is_key
        self._data = bytearray()
        self.has_picture = self.is_key = False
        self._told = self._time
        self._take_picture(self._time, data, is_key)
