"""Messages: what an RTSP server says, cut out of a stream of bytes and read (RFC 2326, 4 to 7).

A camera may say anything: what is no message is a ValueError, and none is longer than what is written here.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_HEAD_BYTES = 16 * 1024
MOST_BODY_BYTES = 64 * 1024
"""A session description of the largest recorder has some 4 KiB."""
_MOST_HEADERS = 100
_END = b"\r\n\r\n"
_BEGINS = b"RTSP/"
_WORDS_OF_A_REQUEST = 3


@dataclass(frozen=True, slots=True)
class Message:
    """An answer, or a request of the server's own.

    Attributes:
        status: Of an answer; 0 for a request.
        reason: What the answer adds in words, or what the request wants.
        headers: Names in lower case with their values, in order.
        body: What follows.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first header of that name (in lower case), empty without one."""
        return next((value for known, value in self.headers if known == name), "")

    def every(self, name: str) -> list[str]:
        """All headers of that name."""
        return [value for known, value in self.headers if known == name]


def cut_message(data: bytes | bytearray, begin: int, end: int) -> tuple[Message, int] | None:
    """The message that `data` holds at `begin`, and where it ends; None while it is not whole.

    Raises:
        ValueError: It is none, or longer than a camera has reason for.
    """
    head_end = data.find(_END, begin, min(end, begin + MOST_HEAD_BYTES))
    if head_end < 0:
        if end - begin >= MOST_HEAD_BYTES:
            raise ValueError("a head without an end")
        begins = bytes(data[begin : min(end, begin + len(_BEGINS))])
        if not _BEGINS.startswith(begins) and not begins.decode("latin-1").replace("_", "A").isupper():
            raise ValueError("no RTSP")
        return None
    message = read_head(bytes(data[begin:head_end]))
    length = _length(message.get("content-length"))
    body_end = head_end + len(_END) + length
    if body_end > end:
        return None
    if length:
        body = bytes(data[head_end + len(_END) : body_end])
        message = Message(message.status, message.reason, message.headers, body)
    return message, body_end


def read_head(raw: bytes) -> Message:
    """A message without its body.

    Raises:
        ValueError: It is none.
    """
    first, *lines = raw.decode("utf-8", errors="replace").split("\r\n")
    headers = [_header(line) for line in lines[:_MOST_HEADERS] if line.strip()]
    if first.startswith("RTSP/"):
        words = first.split(" ", 2)
        code = words[1] if len(words) > 1 else ""
        if not (code.isascii() and code.isdigit() and len(code) == 3):  # noqa: PLR2004 - as all status codes
            raise ValueError("an answer without a status")
        return Message(int(code), words[2].strip() if len(words) > 2 else "", tuple(headers))  # noqa: PLR2004
    words = first.split(" ")
    if len(words) != _WORDS_OF_A_REQUEST or not words[2].startswith("RTSP/"):
        raise ValueError("no RTSP")
    return Message(0, words[0], tuple(headers))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _length(said: str) -> int:
    if not said:
        return 0
    if not (said.isascii() and said.isdigit()) or len(said) > len(str(MOST_BODY_BYTES)):
        raise ValueError("a length that is none")
    if (length := int(said)) > MOST_BODY_BYTES:
        raise ValueError("more in an answer than a camera has to say")
    return length
