"""H.265 in RTP packets (RFC 7798): single NAL units, several in one packet, and parts of one."""

from __future__ import annotations

from cameras.streams.rtsp.pictures import Pictures

_FIRST_NO_PICTURE = 32
_FIRST_KEY, _LAST_KEY = 16, 23
_SETS = frozenset({32, 33, 34})
_SEVERAL, _PART = 48, 49
_BEGINS, _ENDS = 0x80, 0x40
_HEAD_BYTES = 2


class H265Pictures(Pictures):
    """The pictures of an H.265 track."""

    def _payload(self, view: memoryview, begin: int, end: int) -> None:
        if end - begin <= _HEAD_BYTES:
            self.damaged += 1
            return
        kind = view[begin] >> 1 & 0x3F
        if kind == _PART:
            if end - begin < 4:  # noqa: PLR2004 - three bytes of header, and something
                self.damaged += 1
                return
            flags = view[begin + 2]
            if flags & _BEGINS:
                self._begin_fragment(bytes((view[begin] & 0x81 | (flags & 0x3F) << 1, view[begin + 1])))
            self._go_on(view, begin + 3, end, is_last=bool(flags & _ENDS))
        elif kind < _SEVERAL:
            self._unit(view, begin, end)
        elif kind == _SEVERAL:
            at = begin + _HEAD_BYTES
            while at + 2 < end:
                size = view[at] << 8 | view[at + 1]
                at += 2 + size
                if size <= _HEAD_BYTES or at > end:
                    self.damaged += 1
                    return
                self._unit(view, at - size, at)
        else:
            self.damaged += 1

    def _learn(self, begin: int, end: int) -> None:
        self._learn_one(begin, end)
        if self._data[begin] >> 1 & 0x3F >= _FIRST_NO_PICTURE:
            self._inner(begin, end)

    def _learn_one(self, begin: int, end: int) -> None:
        data = self._data
        kind = data[begin] >> 1 & 0x3F
        if kind < _FIRST_NO_PICTURE:
            is_first = begin + 2 < end and bool(data[begin + 2] & 0x80)
            self._picture(is_first=is_first, is_key=_FIRST_KEY <= kind <= _LAST_KEY)
        elif kind in _SETS:
            self.sets[kind] = bytes(data[begin:end])
