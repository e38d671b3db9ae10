"""Attending: long work for somebody who may leave: in a thread, and told when whoever asked is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

Made = TypeVar("Made")


async def attended(request: Request, work: Callable[[Callable[[], bool]], Made]) -> Made:
    """What `work` makes; it is given a function that says whether whoever asked has left."""
    left = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass  # what is left of the body
        left.set()

    watcher = asyncio.create_task(watch())
    try:
        return await run_in_threadpool(work, left.is_set)
    finally:
        left.set()
        watcher.cancel()
