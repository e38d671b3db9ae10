"""DeliveryMarks: which MQTT messages are stored though the broker may not know it yet.

A mark is written in the transaction of the message's facts (`hub.store.event_log`), under its packet id. It is
forgotten once the broker certainly has our acknowledgement, so the table holds the last seconds only.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from sqlalchemy import Connection, delete, select

from hub.store.database import Database
from hub.store.schema import deliveries_in


class DeliveryMarks:
    """The marks of MQTT clients. Safe from any thread; changes are queued behind the writes before them."""

    def __init__(self, database: Database) -> None:
        """Keep the marks in `database`."""
        self._database = database

    def load(self, client: str) -> list[tuple[int, bytes]]:
        """Packet id and digest of each mark; blocks until the writes before it are done."""

        def work(connection: Connection) -> list[tuple[int, bytes]]:
            query = select(deliveries_in.c.packet, deliveries_in.c.digest).where(deliveries_in.c.client == client)
            return [(packet, bytes(digest)) for packet, digest in connection.execute(query)]

        return self._database.write(work)

    def clear(self, client: str) -> Future[None]:
        """Remove all marks: the broker numbers afresh, so they mean nothing any more."""

        def work(connection: Connection) -> None:
            connection.execute(delete(deliveries_in).where(deliveries_in.c.client == client))

        return self._database.submit(work)

    def forget(self, client: str, packets: Sequence[int]) -> Future[None]:
        """Remove the marks of `packets`; never waits for room in the queue.

        Raises:
            StoreBusyError: The queue is full; nothing was removed.
        """
        gone = list(packets)

        def work(connection: Connection) -> None:
            connection.execute(
                delete(deliveries_in).where(deliveries_in.c.client == client, deliveries_in.c.packet.in_(gone))
            )

        return self._database.submit(work, timeout_s=0.0)
