"""Connection: the socket of one session, read in the loop.

Goes where the settings allow it and nowhere else: the address that was checked is the one that is connected to, a name
is looked up in a thread of its own, and a camera that points elsewhere is not followed to another host.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from cameras.confining.connections import refused_connection
from cameras.errors import SourceError, SourceProblem, UnfitError
from cameras.streams.addresses import checked_address, login_of, without_credentials
from cameras.streams.rtsp.conversation import Conversation, RedirectedError
from cameras.streams.rtsp.login import Login
from cameras.streams.rtsp.loop import BUFFER_BYTES, Loop, Timer
from cameras.streams.rtsp.session import Item, Session
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed, Resolved

logger = logging.getLogger(__name__)

_MARK_BYTES = 64 * 1024
"""With so much to read the loop is woken at once: a key picture of a main stream must not fill the window."""
_MOST_READS = 4
"""Of one camera before the others have their turn."""
_CLOSED = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended.

    Attributes:
        problem: What is wrong.
        detail: More of it, without credentials.
        unfit: Why FFmpeg has to read this stream; empty when it need not.
        redirected: Where the camera says it is; None when it does not.
        over_sound: Whether it may go well without sound.
    """

    problem: SourceProblem
    detail: str = ""
    unfit: str = ""
    redirected: str | None = None
    over_sound: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited.

    Attributes:
        open_s: Until it plays.
        read_s: For a picture, then.
    """

    open_s: float = 3.0
    read_s: float = 5.0


class Connection:
    """One attempt at a stream. Made and used in the loop's thread.

    Attributes:
        cpu_s: Processor time that it took.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        url: str,
        loop: Loop,
        clock: Clock,
        allowed: Allowed | None,
        sound: bool,
        patience: Patience,
        take: Callable[[list[Item]], None],
        over: Callable[[Ended], None],
    ) -> None:
        """Begin.

        Args:
            stream: Whom to say who asks.
            url: Where it is, without user and password.
            loop: In which it runs.
            clock: For waiting.
            allowed: Where cameras may be; None is anywhere.
            sound: Whether sound is wanted.
            patience: How long is waited.
            take: Gets what comes.
            over: Is told once how it ended, unless it was closed before.
        """
        self.cpu_s = 0.0
        self._stream = stream
        self._url = url
        self._loop = loop
        self._clock = clock
        self._allowed = allowed
        self._sound = sound
        self._patience = patience
        self._take = take
        self._over: Callable[[Ended], None] | None = over
        self._socket: socket.socket | None = None
        self._session: Session | None = None
        self._rest = b""
        self._is_watched = False
        self._is_beating = False
        self._timers: list[Timer] = [loop.later(patience.open_s, self._late)]
        self._guarded(self._find)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or was closed."""
        return self._over is None

    @property
    def corrupt(self) -> int:
        """Packets that never came or could not be understood."""
        return 0 if self._session is None else self._session.corrupt

    def hurry(self, *, wanted: bool) -> None:
        """Somebody watches, and wants every packet at once; or nobody does."""
        self._is_watched = wanted
        if self._is_beating:
            self._set_mark()

    def close(self) -> None:
        """End it; nobody is told."""
        self._over = None
        for timer in self._timers:
            timer.cancel()
        connection, self._socket = self._socket, None
        if connection is None:
            return
        self._loop.forget(connection)
        with contextlib.suppress(OSError):
            if self._session is not None:
                connection.send(self._session.conversation.goodbye())
        connection.close()

    def _find(self) -> None:
        """Find out where to go: at once for an address, in a thread for a name."""
        host = urlsplit(self._url).hostname or ""
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(host)
            self._go(checked_address(self._stream, self._url, self._allowed))
            return
        self._loop.look_up(self._look_up)

    def _look_up(self) -> None:
        """In a thread that may wait."""
        try:
            resolved = checked_address(self._stream, self._url, self._allowed)
        except SourceError as error:
            ended = Ended(error.reason, error.detail)
            self._loop.call(lambda: self._end(ended))
        else:
            self._loop.call(lambda: self._guarded(lambda: self._go(resolved)))

    def _go(self, resolved: Resolved) -> None:
        if self._over is None:
            return  # it took too long
        connection = self._socket = socket.socket(resolved.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = connection.connect_ex(resolved.sockaddr)
        if code not in {0, errno.EINPROGRESS}:
            self._refuse(code)
        self._loop.watch(connection, lambda: self._guarded(self._connected), writes=True)

    def _connected(self) -> None:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._refuse(code)
        username, password = login_of(self._stream)
        conversation = Conversation(self._url, Login(username, password), sound=self._sound)
        self._session = Session(conversation, self._clock)
        self._send(conversation.begin())
        self._loop.watch(self._socket, self._read)

    def _refuse(self, code: int) -> None:
        if (refused := refused_connection()) is not None:
            raise SourceError(SourceProblem.NOT_ALLOWED, refused)
        problem = SourceProblem.TIMED_OUT if code == errno.ETIMEDOUT else SourceProblem.UNREACHABLE
        raise SourceError(problem, os.strerror(code))

    def _read(self) -> None:
        self._guarded(self._take_in)
        loop, now_s = self._loop, time.thread_time()
        self.cpu_s += now_s - loop.spent_s
        loop.spent_s = now_s

    def _on_beat(self) -> None:
        self._read()
        if self._session is not None and self._over is not None:
            silent_s = self._clock.monotonic_s() - self._session.heard_s
            if silent_s >= self._patience.read_s:
                self._end(Ended(SourceProblem.TIMED_OUT, "nothing came"))

    def _take_in(self) -> None:
        session, loop = self._session, self._loop
        assert session is not None
        for _ in range(_MOST_READS):
            connection = self._socket
            if connection is None:
                return
            held = len(self._rest)
            if held:
                loop.buffer[:held] = self._rest
            room = BUFFER_BYTES - held
            try:
                size = connection.recv_into(loop.view[held:])
            except BlockingIOError:
                return
            if not size:
                playing = session.conversation.playing
                problem = SourceProblem.NOT_VIDEO if playing is None else SourceProblem.ENDED
                raise SourceError(problem, "the camera closed the connection")
            end = held + size
            used, says = session.received(loop.view, loop.buffer, end)
            self._rest = bytes(loop.view[used:end]) if used < end else b""
            if says:
                self._send(says)
            if session.items:
                items, session.items = session.items, []
                self._take(items)
                if not self._is_beating and session.info is not None and self._over is not None:
                    self._begin_beating()
            if size < room:
                return

    def _begin_beating(self) -> None:
        """It plays: what it sends is read at the beat from now on."""
        assert self._socket is not None
        self._timers.pop(0).cancel()
        self._is_beating = True
        self._set_mark()
        self._loop.beat(self._socket, self._on_beat)
        self._rest_then_live()

    def _set_mark(self) -> None:
        if self._socket is not None:
            mark = 1 if self._is_watched else _MARK_BYTES
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, mark)

    def _rest_then_live(self) -> None:
        assert self._session is not None
        self._timers = [self._loop.later(self._session.conversation.rest_s, self._sign_of_life)]

    def _sign_of_life(self) -> None:
        if self._session is not None:
            session = self._session
            self._guarded(lambda: self._send(session.conversation.sign_of_life()))
            if self._over is not None:
                self._rest_then_live()

    def _late(self) -> None:
        """It does not play after all the time there was."""
        conversation = None if self._session is None else self._session.conversation
        if conversation is not None and conversation.playing is not None:
            # It plays, and nothing of it is known yet: the parameter sets may come with the next key picture.
            self._timers[0] = self._loop.later(self._patience.read_s, self._never)
            return
        self._end(Ended(SourceProblem.TIMED_OUT, f"no answer in {self._patience.open_s:g} s"))

    def _never(self) -> None:
        self._end(Ended(SourceProblem.TIMED_OUT, "nothing came"))

    def _send(self, data: bytes) -> None:
        """Say something; a camera that does not even take a line is gone."""
        assert self._socket is not None
        if self._socket.send(data) < len(data):
            raise SourceError(SourceProblem.BROKE, "it does not listen any more")

    def _guarded(self, act: Callable[[], None]) -> None:
        """Whatever goes wrong ends this session, and no other."""
        session = self._session
        try:
            act()
        except SourceError as error:
            self._end(Ended(error.reason, error.detail, over_sound=self._was_over_sound()))
        except UnfitError as error:
            self._end(Ended(SourceProblem.UNSUPPORTED, unfit=str(error)))
        except RedirectedError as error:
            self._end(Ended(SourceProblem.REFUSED, "it points to another address", redirected=error.url))
        except OSError as error:
            opening = session is None or session.conversation.playing is None
            problem = SourceProblem.NOT_VIDEO if opening and error.errno in _CLOSED else SourceProblem.BROKE
            self._end(Ended(problem, os.strerror(error.errno or 0), over_sound=self._was_over_sound()))
        except Exception:
            logger.exception("reading failed in a way that is not foreseen")
            self._end(Ended(SourceProblem.BROKE))

    def _was_over_sound(self) -> bool:
        conversation = None if self._session is None else self._session.conversation
        return conversation is not None and conversation.asks_for_sound and conversation.playing is None

    def _end(self, ended: Ended) -> None:
        over = self._over
        self.close()
        if over is not None:
            detail = without_credentials(ended.detail, self._stream)
            over(Ended(ended.problem, detail, ended.unfit, ended.redirected, ended.over_sound))
