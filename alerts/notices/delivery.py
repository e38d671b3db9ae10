"""Delivery: tells every recipient what it is to be told of incidents, once, and says how that goes.

The outbox decides and keeps what is to be told whom; each notifier has a thread of its own that sends what waits for
it. So nothing is queued in memory, nobody waits for a slow recipient, the engine never knows, and a hub that dies goes
on where it was. `dry_run` asks the same decision of a move that never happened.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import ValidationError

from alerts.notices.breaker import Door
from alerts.notices.channel import HEALTH, Backing, Channel, note_health
from alerts.notices.notice import Notifier, Outcome, Refused, Services, Traits
from alerts.notices.outbox import Outbox
from alerts.notices.recipients import Decision, Telling, telling_of
from alerts.notices.trial import trial
from alerts.notices.wording import Move
from alerts.store import outbox
from alerts.store.outbox import Entry, State
from config.community import Community, Contact
from config.community import Notifier as Recipient
from hub.bus import Bus
from hub.clock import Clock
from hub.errors import NotFoundError
from hub.plugins import Plugin, load_plugins
from hub.reach import Within
from hub.store.database import Database
from hub.store.event_log import EventLog

logger = logging.getLogger(__name__)

TAKEN_OUT = "the notifier was taken out"


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How one notifier is doing, since it was started.

    Attributes:
        notifier: Its id.
        behind: Notices that wait for it, and journal entries that nobody has looked at.
        delivered: Notices that arrived.
        retried: Attempts that failed and were repeated.
        given_up: Notices that never arrived.
        trouble: Why the newest attempt failed, empty when it did not.
        door: Whether its breaker lets attempts through.
    """

    notifier: str
    behind: int
    delivered: int
    retried: int
    given_up: int
    trouble: str
    door: Door = Door.CLOSED


class Delivery:
    """All notifiers. Every method may be called from any thread."""

    def __init__(
        self, database: Database, event_log: EventLog, bus: Bus, clock: Clock, *, services: Services | None = None
    ) -> None:
        self._backing = Backing(database, event_log, clock)
        self._services = services or Services(clock=clock)
        self._plugins: Mapping[str, Plugin[Notifier]] = load_plugins("alerts.notifiers")
        self._lock = threading.Lock()
        self._channels: dict[str, Channel] = {}
        self._outbox = Outbox(self._backing, bus, wake=self._wake)
        self._started = False
        self._stopped = False

    def apply(self, community: Community) -> None:
        """Have exactly the notifiers of this Community; those that did not change go on undisturbed."""
        with self._lock:
            if self._stopped:
                return
            wanted = {recipient.id: recipient for recipient in community.notifiers}
            for name, channel in list(self._channels.items()):
                if wanted.get(name) != channel.recipient:
                    del self._channels[name]
                    channel.stop()
                    if name not in wanted and not channel.online:
                        note_health(self._backing, HEALTH, name, state="online", reason=TAKEN_OUT)
            for name, recipient in wanted.items():
                if name in self._channels:
                    continue
                notifier = self._built(recipient)
                if notifier is not None:
                    channel = self._channels[name] = Channel(recipient, notifier, self._backing)
                    channel.start()
            traits = {name: channel.traits for name, channel in self._channels.items()}
            with self._backing.database.read() as connection:
                chosen = outbox.read_preferences(connection)
            self._outbox.telling = telling_of(community, traits).with_preferences(chosen)
            self._backing.database.write(lambda connection: outbox.give_up_others(connection, wanted, TAKEN_OUT))
            if not self._started:
                self._started = True
                self._outbox.start()

    def _built(self, recipient: Recipient) -> Notifier | None:
        """The channel to a recipient; None for one that a check of the Community would have refused."""
        try:
            plugin = self._plugins[recipient.kind]
            options = plugin.options.model_validate(recipient.options)
            return plugin.build(options, recipient.secret, self._services)
        except (KeyError, ValidationError, ValueError):
            logger.exception("notifier left out", extra={"notifier": recipient.id, "kind": recipient.kind})
            note_health(self._backing, HEALTH, recipient.id, state="offline", reason="cannot be set up; see the log")
            return None

    def stop(self) -> None:
        """Stop all. Safe to call twice."""
        with self._lock:
            self._stopped = True
            channels, self._channels = list(self._channels.values()), {}
        self._outbox.stop()
        for channel in channels:
            channel.tell_to_stop()
        for channel in channels:
            channel.stop()

    def status(self) -> list[DeliveryStatus]:
        """How each notifier is doing."""
        with self._lock:
            channels = list(self._channels.values())
        if not channels:
            return []
        with self._backing.database.read() as connection:
            waiting = outbox.waiting(connection)
        unread = self._outbox.behind
        return [
            DeliveryStatus(
                notifier=channel.recipient.id,
                behind=waiting.get(channel.recipient.id, 0) + unread,
                delivered=channel.counts.delivered,
                retried=channel.counts.retried,
                given_up=channel.counts.given_up,
                trouble=channel.counts.trouble,
                door=channel.door(),
            )
            for channel in channels
        ]

    def dry_run(self, move: Move, sent: Sequence[str] = ()) -> list[Decision]:
        """Who would be told of a move that never happened, and who not, and why."""
        telling = self._outbox.telling
        if telling is None:
            return []
        with self._backing.database.read() as connection:
            return [
                replace(decision, told=False, why=f"the same was told within {dedupe_s:g} s")
                if decision.told
                and (dedupe_s := telling.traits[decision.recipient].dedupe_s) > 0
                and outbox.repeated(connection, decision, move.at - timedelta(seconds=dedupe_s))
                else decision
                for decision in telling.decide(move, sent, barred=outbox.barred(connection))
            ]

    def ledger(
        self,
        *,
        incident: str | None = None,
        recipient: str | None = None,
        account: str | None = None,
        state: State | None = None,
        within: Within | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """What was to be told whom and what became of it, the newest first."""
        with self._backing.database.read() as connection:
            return outbox.ledger(
                connection,
                incident=incident,
                recipient=recipient,
                account=account,
                state=state,
                within=within,
                before=before,
                limit=limit,
            )

    def test(self, recipient: str, contact: Contact, area: str | None = None) -> Outcome:
        """Send one message that says it is a test, the way real ones go; blocks as long as the channel does.

        It goes past what waits, for it is to show whether the channel works now, and stands in no ledger.

        Args:
            recipient: Id of the notifier.
            contact: Whose address is taken on a channel for people, and in whose language it is written there.
            area: For a channel whose address depends on where it is, as a loudspeaker.

        Raises:
            NotFoundError: There is no such notifier.
        """
        with self._lock:
            channel = self._channels.get(recipient)
        if channel is None:
            raise NotFoundError(f"no notifier {recipient!r} that could be set up")
        notifier = self._built(channel.recipient)
        if notifier is None:
            return Refused("it cannot be set up; see the log")
        address = next((each.address for each in contact.channels if each.via == recipient), None)
        if address is None and (channel.recipient.people or channel.traits.addressed):
            return Refused(f"{contact.account} has no address on this channel")
        language = contact.language if channel.recipient.people else channel.recipient.language
        try:
            return notifier.send(trial(self._backing.clock.now(), contact.account, language, address, area=area))
        except Exception as error:
            logger.exception("test of a notifier failed", extra={"notifier": recipient})
            return Refused(f"failed: {type(error).__name__}")

    def contact(self, account: str) -> Contact:
        """How a person is told: as he chose, else as the Community says."""
        telling = self._outbox.telling
        known = None if telling is None else telling.contacts.get(account)
        return known or Contact(account=account)

    def told_over(self, recipient: str) -> list[str]:
        """Accounts of the people who are told over a notifier, whoever chose that."""
        telling = self._outbox.telling
        people = {} if telling is None else telling.contacts
        return sorted(who for who, each in people.items() if any(way.via == recipient for way in each.channels))

    def choose(self, contact: Contact) -> None:
        """Keep how a person wants to be told, from the next move on."""
        now = self._backing.clock.now()
        self._backing.database.write(lambda connection: outbox.write_preferences(connection, contact, now))
        with self._lock:
            if self._outbox.telling is not None:
                self._outbox.telling = self._outbox.telling.with_preferences({contact.account: contact})

    def ways(self) -> list[tuple[Recipient, Traits]]:
        """The notifiers over which people can be told."""
        telling: Telling | None = self._outbox.telling
        if telling is None:
            return []
        return [(each, telling.traits[each.id]) for each in telling.notifiers if each.people]

    def _wake(self, recipient: str) -> None:
        channel = self._channels.get(recipient)
        if channel is not None:
            channel.wake()
