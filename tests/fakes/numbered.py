"""Pictures that carry their own number, and a tap on the camera's line that knows when each of them was sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray

from hub.clock import SystemClock
from tests.fakes.clips import yard

BITS = 10
BLOCK_PX = 24
RTP_HZ = 90_000

READ_NUMBER = f"""(video) => {{
  const canvas = new OffscreenCanvas({BITS * BLOCK_PX}, {BLOCK_PX});
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  return () => {{
    context.drawImage(video, 0, 0, {BITS * BLOCK_PX}, {BLOCK_PX}, 0, 0, {BITS * BLOCK_PX}, {BLOCK_PX});
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit++) {{
      const [red] = context.getImageData({BLOCK_PX} * bit + {BLOCK_PX // 2}, {BLOCK_PX // 2}, 1, 1).data;
      if (red > 128) number |= 1 << bit;
    }}
    return number;
  }};
}}"""
"""JavaScript: makes of a `video` a function that reads the number of the picture it shows."""


def numbered(number: int, *, width: int, height: int) -> NDArray[np.uint8]:
    """Picture `number`: its bits as white and black blocks along the upper edge, lowest first."""
    image = yard(number, width=width, height=height, moving=True)
    for bit in range(BITS):
        image[:BLOCK_PX, bit * BLOCK_PX : (bit + 1) * BLOCK_PX] = 255 if number >> bit & 1 else 0
    return image


def write_numbered(
    path: Path,
    *,
    seconds: float,
    fps: int = 25,
    key_every_s: float = 2.0,
    width: int = 320,
    height: int = 180,
    sound: bool = False,
    pauses: bool = False,
    grain: float = 0.0,
) -> Path:
    """Write a clip of numbered pictures and return its path.

    Args:
        path: Where.
        seconds: Length.
        fps: Pictures per second.
        key_every_s: From one key picture to the next.
        width: Pixels.
        height: Pixels.
        sound: With a tone in AAC.
        pauses: Leave out eight pictures in a row of every fifty, as cameras do that save bits while nothing moves.
        grain: Standard deviation of a sensor's noise below the number, in grey levels.
    """
    noise = np.random.default_rng(7)
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
        stream = container.add_stream("libx264", rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = round(key_every_s * fps)
        heard = container.add_stream("aac", rate=16_000) if sound else None
        if heard is not None:
            heard.layout = "mono"
        for number in range(round(seconds * fps)):
            if pauses and 10 <= number % 50 < 18:
                continue
            image = numbered(number, width=width, height=height)
            if grain:
                below = image[BLOCK_PX:]
                image[BLOCK_PX:] = np.clip(below + noise.normal(0, grain, below.shape), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
            if heard is not None:
                container.mux(heard.encode(_tone(number, 16_000 // fps)))
        container.mux(stream.encode(None))
        if heard is not None:
            container.mux(heard.encode(None))
    return path


def _tone(number: int, samples: int) -> av.AudioFrame:
    at = np.arange(number * samples, (number + 1) * samples) / 16_000
    wave = (np.sin(at * 440 * 2 * np.pi) * 0.2).astype(np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 16_000, number * samples, Fraction(1, 16_000)
    return frame


class Tap:
    """Passes RTSP on between whoever connects and a server, and writes down when each picture went by.

    Attributes:
        connections: How many came.
        sent: Of the newest connection, when each picture was sent, ms since 1970, by its number; pictures are told
            apart by their RTP timestamps.
    """

    def __init__(self, port: int, *, fps: int) -> None:
        self._to = port
        self._fps = fps
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.connections = 0
        self.sent: dict[int, float] = {}
        self._open: list[socket.socket] = []
        self._passing: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def url(self, name: str) -> str:
        """The address at which the file `name` of the server plays, through here."""
        return f"rtsp://127.0.0.1:{self.port}/{name}/play_count_0"

    @property
    def live(self) -> int:
        """How many connections are open now."""
        return sum(passing.is_alive() for passing in self._passing) // 2

    def cut(self) -> None:
        """Break every connection."""
        for link in self._open:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for passing in self._passing:
            passing.join(5)
        for link in self._open:
            link.close()
        self._open.clear()
        self._passing.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5)
        self._door.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                camera_side, _ = self._door.accept()
            except OSError:
                return
            try:
                server_side = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                camera_side.close()
                continue
            for link in (camera_side, server_side):
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open += [camera_side, server_side]
            sent: dict[int, float] = {}
            for way in ((camera_side, server_side, None), (server_side, camera_side, sent)):
                self._passing.append(threading.Thread(target=self._pass, args=way, daemon=True))
                self._passing[-1].start()

    def _pass(self, source: socket.socket, target: socket.socket, sent: dict[int, float] | None) -> None:
        reading = None if sent is None else _Reading(self._fps, sent)
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if reading is not None and sent is not None:
                    reading.take(data)
                    if sent:
                        self.sent = sent
                target.sendall(data)
        for link in (source, target):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


class _Reading:
    """Finds the RTP packets of video (channel 0) in what a server says over TCP."""

    def __init__(self, fps: int, sent: dict[int, float]) -> None:
        self._step = RTP_HZ // fps
        self._sent = sent
        self._rest = b""
        self._first: int | None = None
        self._clock = SystemClock()

    def take(self, data: bytes) -> None:
        now_ms = self._clock.now().timestamp() * 1000
        self._rest += data
        while True:
            start = self._rest.find(b"$\0" if not self._rest.startswith(b"$") else b"$")
            if start < 0:
                self._rest = self._rest[-1:]
                return
            if len(self._rest) < start + 12:
                return
            size = int.from_bytes(self._rest[start + 2 : start + 4], "big")
            if len(self._rest) < start + 4 + size:
                return
            packet = self._rest[start + 4 : start + 4 + size]
            is_video = self._rest[start + 1] == 0
            self._rest = self._rest[start + 4 + size :]
            if is_video and packet[0] >> 6 == 2:  # RTP of version 2
                stamp = int.from_bytes(packet[4:8], "big")
                self._first = stamp if self._first is None else self._first
                self._sent.setdefault(round((stamp - self._first) % (1 << 32) / self._step), now_ms)
