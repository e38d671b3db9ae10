"""The program behind VideoServer: `python -m cameras.streams.rtsp_server FOLDER --port 0`.

It writes one line of JSON with its port to standard output when it listens, and ends when standard input closes, which
is when its parent dies. The streams are those of aio-rtsp-toolkit: TCP only, one thread per viewer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from aio_rtsp_toolkit.server import RtspServer

logger = logging.getLogger(__name__)

_MAX_VIEWERS = 256
"""The toolkit holds one thread of the loop's executor per viewer; asyncio's default would serve six."""


async def _serve(folder: str, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_MAX_VIEWERS, thread_name_prefix="viewer"))
    server = RtspServer(folder, host=host, port=port, session_name="community-hub")
    server.logger = logger  # its own prints to standard output, which is ours
    await server.start()
    listening = server._server.sockets[0].getsockname()[1]  # noqa: SLF001 - the toolkit has no other word for its port
    sys.stdout.write(json.dumps({"port": listening}) + "\n")
    sys.stdout.flush()
    threading.Thread(target=_watch_parent, name="watch-parent", daemon=True).start()
    await loop.create_future()


def _watch_parent() -> None:
    """End with the parent as cameras that lose power do: viewers that are cut off in order would fill its terminal."""
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve until standard input closes."""
    parser = argparse.ArgumentParser(description="Play the MP4 files of a folder as RTSP cameras.")
    parser.add_argument("folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when it is over
    asyncio.run(_serve(arguments.folder, arguments.host, arguments.port))


if __name__ == "__main__":
    main()
