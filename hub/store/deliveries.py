"""DeliveryMarks: which MQTT messages are stored though the broker may not know it yet.

A mark is written in the transaction of the message's facts (`hub.store.event_log`), under its packet id. It is
forgotten once the broker certainly has our acknowledgement, so the table holds the last seconds only. A broker that
numbers afresh makes packet ids void: the marks are then carried to slots above every packet id, where no new one
overwrites them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from sqlalchemy import Connection, delete, insert, select

from hub.store.database import Database
from hub.store.schema import deliveries_in

CARRIED = 65_536
"""Added to the slot of a mark when packet ids become void: one more than the greatest packet id."""


class DeliveryMarks:
    """The marks of MQTT clients. Safe from any thread; changes are queued behind the writes before them."""

    def __init__(self, database: Database) -> None:
        """Keep the marks in `database`."""
        self._database = database

    def load(self, client: str) -> list[tuple[int, bytes]]:
        """Slot and digest of each mark, by slot; blocks until the writes before it are done."""
        return self._database.write(lambda connection: _marks(connection, client))

    def carry(self, client: str) -> Future[None]:
        """Add `CARRIED` to the slot of every mark."""

        def work(connection: Connection) -> None:
            rows = connection.execute(select(deliveries_in).where(deliveries_in.c.client == client)).mappings().all()
            connection.execute(delete(deliveries_in).where(deliveries_in.c.client == client))
            if rows:  # deleted and written again, because a row-by-row shift would collide with itself
                connection.execute(insert(deliveries_in), [{**row, "packet": row["packet"] + CARRIED} for row in rows])

        return self._database.submit(work)

    def forget(self, client: str, slots: Sequence[int]) -> Future[None]:
        """Remove the marks in `slots`; never waits for room in the queue.

        Raises:
            StoreBusyError: The queue is full; nothing was removed.
        """
        gone = list(slots)

        def work(connection: Connection) -> None:
            connection.execute(
                delete(deliveries_in).where(deliveries_in.c.client == client, deliveries_in.c.packet.in_(gone))
            )

        return self._database.submit(work, timeout_s=0.0)


def _marks(connection: Connection, client: str) -> list[tuple[int, bytes]]:
    query = (
        select(deliveries_in.c.packet, deliveries_in.c.digest)
        .where(deliveries_in.c.client == client)
        .order_by(deliveries_in.c.packet)
    )
    return [(slot, bytes(digest)) for slot, digest in connection.execute(query)]
