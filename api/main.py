"""The hub's composition root: every part is made and started here, in one straight line, and stopped in reverse.

What is started pushes its stop at once, so a start that fails half-way leaves nothing running. Tests embed the hub:
port 0, a data folder of their own, and fakes as arguments. This process must never load PyAV or OpenCV.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from alerts.arming_desk import ArmingDesk
from alerts.incidents.handling import Handling
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.memory import memory_mistake, memory_of
from alerts.language.places import places_of
from alerts.language.rule_store import RuleStore
from alerts.language.rulebook import SHIPPED, RuleBook, load_rules
from alerts.loop import EngineLoop
from alerts.store.lists import Repository
from api.access.guard import is_loopback
from api.access.tokens import Tokens
from api.app import create_app
from api.audit_desk import start_audit
from api.desk import make_desk
from api.feed import Feed
from api.figure_desk import start_figures
from api.figures import watch
from api.hardening import start_hardening
from api.households import start_households
from api.housekeeping import Housekeeping
from api.onboarding.desk import start_onboarding
from api.outbound import Outbound
from api.parts import Cameras, Parts
from api.people import make_people
from api.readiness import Readiness, takes_writes
from api.reception import make_reception
from api.recordings.desk import start_recordings
from api.recordings.evidence_desk import start_evidence
from api.recordings.live_desk import start_live
from api.recordings.playback import make_playback
from api.rule_memory import bound_memory
from api.self_checks import self_checks
from api.self_figures import watch_noticed
from api.sensing import make_sensing, start_broker
from api.serving import Serving
from api.stills import start_stills
from api.storage import database_of, database_url
from api.telling import make_delivery
from api.trials import Trials
from cameras.supervision.keeper import WorkerState
from cameras.supervisor import TRACES, Supervisor
from config.community import Community
from config.handling import Deadlines
from config.load import check_community, load_community
from config.machine import Machine
from config.says import Says
from hub.bus import Bus, Topic
from hub.clock import Clock, SystemClock
from hub.counts import seen_fact
from hub.errors import ConfigurationError, Mistake
from hub.events import Event
from hub.lifecycle import Lifecycle
from hub.metrics import Metrics
from hub.plugins import Options, Plugin, load_plugins
from hub.selfwatch.watch import SelfWatch
from hub.sensors.endpoint import BrokerEndpoint
from hub.sensors.formats import load_formats
from hub.sensors.kinds import KINDS
from hub.sensors.mqtt import Publisher
from hub.sensors.presence import Presence
from hub.sensors.watching import SensorWatch
from hub.store.event_log import EventLog
from hub.store.handovers import Handovers
from hub.store.people.accounts import Accounts
from hub.store.revisions import Revisions
from hub.store.rollups import RollUps
from hub.store.rule_traces import RuleTraces
from hub.store.sensor_memory import SensorMemory
from hub.store.tours import Tours

logger = logging.getLogger(__name__)

MakeCameras = Callable[..., Cameras]
"""Makes what runs the cameras, as `Supervisor` does; tests pass a fake."""

_STORED_WITHIN_S = 10.0  # a worker keeps its events meanwhile, and tells them again when this fails
_STILL_WITHIN_S = 3.0
_ENGINE_BEHIND = 5000  # events; at some 2,000 a second this is seconds of delay, and then alarms are late


class Hub:
    """A running hub. `stop` may be called from any thread and any number of times."""

    def __init__(
        self,
        *,
        server: Serving,
        parts: Parts,
        lifecycle: Lifecycle,
        rules: RuleStore,
        setup_url: str | None,
        broker: BrokerEndpoint,
    ) -> None:
        self.url, self.port, self.serving = server.url, server.port, server
        self.parts = parts
        self.setup_url = setup_url
        """Where the first administrator is made; None once there is an account."""
        self.broker = broker
        self._rules = rules
        self._lifecycle = lifecycle

    def reload_rules(self) -> bool:
        """Read the rules again, and say whether they hold; with mistakes the old ones stay, and the log names each."""
        try:
            book = self._rules.reload()
        except ConfigurationError as error:
            for mistake in error.mistakes:
                logger.warning("mistake in the rules", extra={"mistake": str(mistake)})
            return False
        logger.info("rules read again", extra={"rules": len(book.rules)})
        return True

    def stop(self) -> None:
        """Stop everything in reverse order of its start."""
        self._lifecycle.stop()


def build(
    machine: Machine,
    *,
    community: Community | None = None,
    community_path: Path | None = None,
    clock: Clock | None = None,
    make_cameras: MakeCameras = Supervisor,
) -> Hub:
    """Start a hub.

    Args:
        machine: Where and how; port 0 takes a free one.
        community: What there is, if it does not come from a file.
        community_path: community.yaml; a changed file becomes a revision.
        clock: The machine's own when None.
        make_cameras: Makes what runs the cameras.

    Raises:
        ConfigurationError: Something in the settings or rules cannot be used.
        HubError: A part does not start.
    """
    clock = clock or SystemClock()
    lifecycle = Lifecycle()
    try:
        return _start(machine, lifecycle, clock, make_cameras, community=community, community_path=community_path)
    except BaseException:
        lifecycle.stop()
        raise


def _start(  # noqa: PLR0915 - a composition root is one straight line
    machine: Machine,
    lifecycle: Lifecycle,
    clock: Clock,
    make_cameras: MakeCameras,
    *,
    community: Community | None,
    community_path: Path | None,
) -> Hub:
    load_rules(machine.rules or SHIPPED)  # what can be wrong in files is found before anything runs
    formats = load_formats(machine.payloads)
    # The kinds of detectors are not among these: their plugins load a decoder. A camera's status says what it lacks.
    known: dict[str, Any] = {"formats": formats.options, "notifiers": _options(load_plugins("alerts.notifiers"))}
    known |= {"observations": set(KINDS), "networks": machine.networks}

    def check(candidate: Community) -> tuple[Mistake, ...]:
        words = None if (wrong := check_community(candidate, **known)) else too_much(rules.book, candidate)
        return (Mistake(None, "rules_memory_mib", words),) if words else wrong

    def too_much(book: RuleBook, there: Community) -> Says | None:
        return memory_mistake(memory_of(book.rules, there), machine.rules_memory_mib)

    digest = ""
    if community_path is not None:
        community = load_community(community_path, **known)
        digest = hashlib.sha256(community_path.read_bytes()).hexdigest()
    elif community is not None:
        digest = hashlib.sha256(community.model_dump_json(context={"secrets": True}).encode()).hexdigest()

    metrics = Metrics()
    bus = Bus()
    database = database_of(machine, clock)
    lifecycle.push("database", database.stop)
    database.start()
    audit = start_audit(machine, database, clock, metrics=metrics, lifecycle=lifecycle)
    accounts = Accounts(database, clock)
    revisions = Revisions(database, clock, check=check, tell=audit.revised)
    repository = Repository(database)
    rules = RuleStore(database, bus, clock)
    book = rules.start_from(machine.rules or SHIPPED, shipped=machine.rules is None)
    if community is not None:
        revisions.start_from(community, digest)
    households = start_households(database, bus, clock, revisions=revisions, lifecycle=lifecycle)
    event_log = EventLog(database, bus, keep_refusals=machine.keep.refusals, admits=households.admits)
    bound_memory(book, revisions.current(), machine)
    rules.hold_to(lambda changed: too_much(changed, revisions.current()))
    bus.announce(Topic.EVENTS, event_log.newest_seq())
    bus.announce(Topic.JOURNAL, repository.newest_seq())

    watching = SensorWatch(event_log, SensorMemory(database), clock, machine.sensors)
    presence = Presence(event_log, clock, habits=watching)

    broker, endpoint = start_broker(machine, clock, presence=presence, lifecycle=lifecycle)

    def store(events: list[Event]) -> None:
        event_log.append([seen_fact(event) for event in events]).result(_STORED_WITHIN_S)

    # Before the cameras: what workers that outlived the last hub have to tell is stored as soon as they are heard.
    recordings = start_recordings(machine, database, clock, households=households, metrics=metrics, lifecycle=lifecycle)
    cameras = make_cameras(machine, clock, store, on_segments=recordings.keep, on_removed=recordings.removed)
    lifecycle.push("cameras", cameras.stop)
    households.follow(cameras.apply)  # first: workers are given what their cameras are read from when they start
    cameras.start()

    sensing = make_sensing(
        machine,
        formats,
        endpoint=endpoint,
        broker_run=None if broker is None else broker.current_run,
        database=database,
        event_log=event_log,
        clock=clock,
        presence=presence,
        watch=watching,
    )
    intake = sensing.intake
    lifecycle.push("intake", intake.stop)
    _follow(revisions, intake.apply, lifecycle)
    intake.start()

    publisher = Publisher(endpoint)
    lifecycle.push("publisher", publisher.stop)
    publisher.start()
    outbound = Outbound(publisher, event_log=event_log, repository=repository, bus=bus, community=revisions.current)
    lifecycle.push("outbound", outbound.stop)
    outbound.start()

    # Before the engine: the first alerts that it raises from what came meanwhile have pictures too.
    stills = start_stills(
        machine.data / "stills",
        take=households.taker(cameras.still, timeout_s=_STILL_WITHIN_S),
        repository=repository,
        bus=bus,
        metrics=metrics,
        lifecycle=lifecycle,
    )

    def deadlines() -> Deadlines:
        return revisions.current().deadlines

    engine = EngineLoop(
        database,
        event_log,
        bus,
        clock,
        rulebook=book,
        places=places_of(revisions.current()),
        deadlines=deadlines(),
        rules=machine.rules or SHIPPED,
    )
    lifecycle.push("engine", engine.stop)
    engine.start()
    _follow(revisions, engine.apply, lifecycle)
    handling = Handling(database, bus, clock, deadlines=deadlines)
    desk = make_desk(machine, database, clock, handling=handling, key=accounts.signing_key())
    _follow(revisions, desk.territory.apply, lifecycle)
    reception = make_reception(
        machine, database, bus, clock, handling=handling, territory=desk.territory, there=revisions
    )
    timekeeper = Timekeeper(database, bus, clock, deadlines=deadlines, tasks=(*desk.tasks, *reception.tasks))
    lifecycle.push("timekeeper", timekeeper.stop)
    timekeeper.start()
    figures = start_figures(database, event_log, bus, clock, deadlines=deadlines, metrics=metrics, lifecycle=lifecycle)
    lifecycle.push("following rules", rules.follow(engine.use))
    delivery = make_delivery(publisher, machine, database=database, event_log=event_log, bus=bus, clock=clock)
    lifecycle.push("delivery", delivery.stop)
    _follow(revisions, delivery.apply, lifecycle)

    tokens = Tokens(desk.key, clock)
    housekeeping = Housekeeping(event_log, RollUps(database), machine.keep, clock, raw=sensing.raw)
    lifecycle.push("housekeeping", housekeeping.stop)
    housekeeping.start()

    feed = Feed(bus, clock=clock, metrics=metrics, read=repository.journal_after, newest=repository.newest_seq)
    readiness = Readiness(
        {
            "database": lambda: takes_writes(database),
            "engine": lambda: engine.alive and engine.status().behind < _ENGINE_BEHIND,
            "broker": lambda: intake.status().listening,
            "workers": lambda: all(worker.state is not WorkerState.WAITING for worker in cameras.workers()),
        },
        clock,
    )
    watch(
        metrics,
        bus=bus,
        cameras=cameras,
        database=database,
        delivery=delivery,
        engine=engine,
        intake=intake,
        outlet=publisher,
        readiness=readiness,
        rules=rules,
    )
    has_disk = recordings.shelves.is_there
    checks = self_checks(machine, cameras=cameras, engine=engine, community=revisions.current, has_disk=has_disk)
    self_watch = SelfWatch(event_log, clock, (*checks, recordings.outlook.check))
    lifecycle.push("self-watch", self_watch.stop)
    self_watch.start()
    watch_noticed(metrics, sensors=watching, itself=self_watch)
    live = start_live(machine, clock, worker_of=cameras.worker_of, metrics=metrics)
    playback = make_playback(recordings.catalog, machine.data, cameras.picture, revisions.current)
    evidence = start_evidence(
        machine,
        database,
        bus,
        clock,
        recordings=recordings,
        stills=stills,
        take=households.newest(cameras.still, timeout_s=_STILL_WITHIN_S),
        forget=playback.stills.forget,
        community=households.current,
        metrics=metrics,
        lifecycle=lifecycle,
    )
    trials = Trials(database_url(machine), clock, traces=machine.data / TRACES)
    lifecycle.push("trials", trials.stop)
    parts = Parts(
        accounts=accounts,
        alerts=repository,
        arming=ArmingDesk(database, event_log, bus, clock),
        audit=audit,
        cameras=cameras,
        clock=clock,
        delivery=delivery,
        desk=desk,
        event_log=event_log,
        evidence=evidence,
        feed=feed,
        figures=figures,
        handling=handling,
        hardening=start_hardening(machine, clock, workers=cameras.workers, lifecycle=lifecycle),
        households=households,
        live=live,
        metrics=metrics,
        onboarding=start_onboarding(machine, clock, formats=formats, door=sensing.door, lifecycle=lifecycle),
        people=make_people(
            machine, database, clock, accounts=accounts, revisions=revisions, audit=audit, households=households
        ),
        playback=playback,
        reception=reception,
        recordings=recordings,
        revisions=revisions,
        rules=rules,
        stills=stills,
        tokens=tokens,
        tours=Tours(database, clock),
        handovers=Handovers(database, clock),
        traces=RuleTraces(database),
        trials=trials,
        discovered=sensing.door.discovered,
        engine=engine.status,
        presence=presence,
        sensor_watch=watching,
        self_watch=self_watch,
        readiness=readiness,
        raw=sensing.raw,
        backfill=sensing.backfill,
        loopback_only=is_loopback(machine.http.host),
    )
    server = Serving(machine, create_app(parts), clock)
    lifecycle.push("http", server.stop)
    lifecycle.push("feed", feed.close)
    lifecycle.push("live", live.watching.close)
    server.start()
    setup_url = None if (token := accounts.issue_setup_token()) is None else f"{server.url}/setup#token={token}"
    logger.info("hub runs", extra={"url": server.url})
    return Hub(server=server, parts=parts, lifecycle=lifecycle, rules=rules, setup_url=setup_url, broker=endpoint)


def _follow(revisions: Revisions, apply: Callable[[Community], None], lifecycle: Lifecycle) -> None:
    """Have `apply` called with the Community in force, and with every one that follows it."""
    lifecycle.push("following", revisions.follow(apply))
    apply(revisions.current())


def _options(plugins: Mapping[str, Plugin[Any]]) -> Mapping[str, type[Options]]:
    return {kind: plugin.options for kind, plugin in plugins.items()}
