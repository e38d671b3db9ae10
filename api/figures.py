"""Figures: which numbers of which part are shown on `/metrics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from alerts.language.rule_store import RuleStore
from alerts.loop import EngineLoop
from alerts.notices.delivery import Delivery
from api.parts import Cameras
from api.recordings.disk_figures import watch_disks
from hub.bus import Bus, Topic
from hub.metrics import Metrics, Values
from hub.sensors.mqtt import MqttIntake, Publisher
from hub.store.database import Database

_REFUSED = "refused."
_IN_FLIGHT = "in_flight"
_PER_CAMERA = (
    ("packets", "Packets taken from cameras."),
    ("dropped", "Packets thrown away because the analysis was behind."),
    ("corrupt", "Packets that came damaged."),
    ("decoded", "Pictures decoded."),
    ("analysed", "Pictures analysed."),
    ("wakes", "Times that triage woke cameras."),
    ("audits", "Groups of pictures decoded in full while cameras slept, to see what sleeping misses."),
    ("audits_moved", "Such groups in which something moved that their key frame did not show."),
    ("audits_missed", "Those of them of which no packet's size told."),
)


def watch(
    metrics: Metrics,
    *,
    bus: Bus,
    cameras: Cameras,
    database: Database,
    delivery: Delivery,
    engine: EngineLoop,
    intake: MqttIntake,
    outlet: Publisher,
    readiness: Callable[[], Mapping[str, bool]],
    rules: RuleStore,
) -> None:
    """Have the figures of every hub read when somebody asks for them."""
    metrics.watch(
        "hub_stream_entries",
        "Newest number of a stored stream: entries ever stored.",
        lambda: {(topic.value,): float(bus.newest(topic)) for topic in Topic},
        kind="counter",
        labels=("stream",),
    )
    metrics.watch(
        "hub_store_backlog", "Works waiting for the database's writer.", lambda: {(): float(database.backlog)}
    )
    metrics.watch(
        "hub_ready",
        "Whether a part works, 1 or 0.",
        lambda: {(name,): float(works) for name, works in readiness().items()},
        labels=("part",),
    )
    metrics.watch(
        "hub_mqtt_in_flight",
        "Messages between broker and commit.",
        lambda: {(): float(intake.status().counts.get(_IN_FLIGHT, 0))},
    )
    metrics.watch(
        "hub_mqtt_messages",
        "Messages by what became of them.",
        lambda: _messages(intake, refused=False),
        kind="counter",
        labels=("outcome",),
    )
    metrics.watch(
        "hub_mqtt_refused",
        "Messages that were refused, by reason.",
        lambda: _messages(intake, refused=True),
        kind="counter",
        labels=("reason",),
    )
    metrics.watch(
        "hub_engine_behind",
        "Stored events that the rules have not seen yet.",
        lambda: {(): float(engine.status().behind)},
    )
    metrics.watch(
        "hub_engine_failures",
        "Transactions of the rules that failed, and events passed over.",
        lambda: {
            ("transaction",): float(engine.status().failures),
            ("passed_over",): float(engine.status().passed_over),
        },
        kind="counter",
        labels=("what",),
    )
    metrics.watch("hub_open_alerts", "Alerts that are not closed.", lambda: {(): float(engine.status().open_alerts)})
    metrics.watch(
        "hub_rule_unknown",
        "Events of which a rule misses a field, by rule.",
        lambda: {(rule,): float(n) for rule, n in engine.status().unknown.items()},
        kind="counter",
        labels=("rule",),
    )
    metrics.watch(
        "hub_rules_refused",
        "Whether the newest change of the rules was refused, 1 or 0.",
        lambda: {(): float(bool(rules.refused))},
    )
    metrics.watch(
        "hub_mqtt_out_dropped",
        "Outgoing messages that the broker did not take in time.",
        lambda: {(): float(outlet.dropped)},
        kind="counter",
    )
    metrics.watch(
        "hub_notices",
        "Notices by notifier and outcome.",
        lambda: {
            (each.notifier, outcome): float(getattr(each, outcome))
            for each in delivery.status()
            for outcome in ("delivered", "retried", "given_up")
        },
        kind="counter",
        labels=("notifier", "outcome"),
    )
    metrics.watch("hub_cameras", "Cameras by state.", lambda: _cameras_by_state(cameras), labels=("state",))
    for name, about in _PER_CAMERA:
        metrics.watch(f"hub_camera_{name}", about, _per_camera(cameras, name), kind="counter", labels=("camera",))
    metrics.watch(
        "hub_camera_analysis_cpu_seconds",
        "Processor time of decoding and looking at a camera's pictures.",
        _per_camera(cameras, "analysis_cpu_s"),
        kind="counter",
        labels=("camera",),
    )
    metrics.watch(
        "hub_worker_restarts",
        "Times that a worker was started anew.",
        lambda: {(each.worker,): float(each.restarts) for each in cameras.workers()},
        kind="counter",
        labels=("worker",),
    )
    metrics.watch(
        "hub_worker_memory_bytes",
        "Memory of a worker's process.",
        lambda: {(each.worker,): float(each.rss_bytes) for each in cameras.workers()},
        labels=("worker",),
    )
    metrics.watch(
        "hub_worker_cpu_seconds",
        "Processor time of a worker's process.",
        lambda: {(each.worker,): each.cpu_s for each in cameras.workers()},
        kind="counter",
        labels=("worker",),
    )
    watch_disks(metrics, cameras)


def _cameras_by_state(cameras: Cameras) -> Values:
    return {(state,): float(number) for state, number in Counter(str(each.state) for each in cameras.status()).items()}


def _per_camera(cameras: Cameras, name: str) -> Callable[[], Values]:
    return lambda: {(each.camera,): float(getattr(each, name)) for each in cameras.status()}


def _messages(intake: MqttIntake, *, refused: bool) -> Values:
    return {
        (name.removeprefix(_REFUSED),): float(number)
        for name, number in intake.status().counts.items()
        if name != _IN_FLIGHT and name.startswith(_REFUSED) is refused
    }
