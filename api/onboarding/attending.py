"""Attending: long work for somebody who may leave: in a thread, and told when whoever asked is gone.

Work of minutes has a thread of its own, so that it holds none of those by which everybody is answered.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from hub.errors import ConflictError

Made = TypeVar("Made")


class ImportPlace:
    """The one place for an import that tries cameras. Safe from any thread."""

    def __init__(self) -> None:
        """It is free."""
        self._taken = threading.Lock()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="import")

    async def attended(self, request: Request, work: Callable[[Callable[[], bool]], Made]) -> Made:
        """As `attended`, in the thread of this place.

        Raises:
            ConflictError: Another import is trying cameras.
        """
        if not self._taken.acquire(blocking=False):
            raise ConflictError("another import is trying cameras; send the sheet again when it is done")

        def freeing(is_gone: Callable[[], bool]) -> Made:
            try:
                return work(is_gone)
            finally:
                self._taken.release()

        return await attended(request, freeing, threads=self._threads)

    def stop(self) -> None:
        """Take nothing more; what runs ends with the processes that it waits for."""
        self._threads.shutdown(wait=False)


async def attended(
    request: Request, work: Callable[[Callable[[], bool]], Made], *, threads: Executor | None = None
) -> Made:
    """What `work` makes; it is given a function that says whether whoever asked has left.

    Args:
        request: Whose it is.
        work: What is to be done.
        threads: Where; None is one of those by which everybody is answered.
    """
    left = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass  # what is left of the body
        left.set()

    watcher = asyncio.create_task(watch())
    try:
        if threads is None:
            return await run_in_threadpool(work, left.is_set)
        return await asyncio.get_running_loop().run_in_executor(threads, work, left.is_set)
    finally:
        left.set()
        watcher.cancel()
