/** All that is not as it should be, out of what the hub tells of itself, worst first. Pure but for the words. */

import type { Of } from "@/hub/client";
import { doText, stateText, whyText } from "@/kit/camera-words";
import { inLanguage } from "@/words";

import { say } from "./words";

export interface Wrong {
  key: string;
  level: Of<"Level">;
  title: string;
  /** What the hub says of it, in its own words. */
  detail: string;
  since: string | null;
  do: string;
  /** Where it is mended, below `/desk`, and what that is called. */
  to?: string;
  go?: string;
}

export interface Told {
  health: Of<"HealthAnswer">;
  cameras: readonly Of<"CameraView">[];
  sensors: readonly Of<"SensorView">[];
  incidents: readonly Of<"IncidentView">[];
  refusals: readonly Of<"RefusalView">[];
}

const ORDER: readonly Of<"Level">[] = ["red", "orange", "yellow", "blue", "green"];
const LITTLE_PERCENT = 10;
const SLOW_S = 5;
const WELL = new Set(["online", "live", "disabled", "connecting"]);

const OWN_FAMILIES = ["hub", "device", "camera", "sensor", "gateway"];
/** Told by the health of the device itself. */
const TOLD_ALREADY = ["sensor.offline", "gateway.offline"];

/** Whether incidents of this kind say something of the hub and its devices. */
export const isOwn = (kind: string) =>
  OWN_FAMILIES.includes(kind.split(".")[0] ?? "") && !TOLD_ALREADY.includes(kind);

type Raw = Omit<Wrong, "detail" | "since"> & Partial<Wrong>;
const made = (raw: Raw): Wrong => ({ detail: "", since: null, ...raw });

export function wrongsOf(told: Told): Wrong[] {
  const found = [
    ...parts(told.health),
    ...told.cameras.flatMap(ofCamera),
    ...told.health.sources.flatMap((each) => ofSource(each, told)),
    ...told.health.hub.flatMap(ofHub),
    ...warnings(told.health),
    ...told.incidents.map(ofIncident),
    ...refused(told.refusals),
  ];
  const age = (each: Wrong) => (each.since ? Date.parse(each.since) : Number.MAX_SAFE_INTEGER);
  return found.sort(
    (one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level) || age(one) - age(other),
  );
}

const MACHINE = { to: "/setup/machine" } as const;
const machine = () => ({ ...MACHINE, go: say("go-machine") });

const parts = (health: Of<"HealthAnswer">) =>
  Object.entries(health.parts)
    .filter(([, good]) => !good)
    .map(([part]) =>
      made({
        key: `part ${part}`,
        level: "red",
        title: say("part-title", { part }),
        do: say("part-do"),
        ...machine(),
      }),
    );

function ofCamera(camera: Of<"CameraView">): Wrong[] {
  const name = inLanguage(camera.name) || camera.id;
  const there = { to: `/setup/cameras/${camera.id}`, go: say("go-cameras") };
  const { state, reason, since, recording, troubles } = camera.status;
  const found: Wrong[] = [];
  if (state === "offline") {
    const title = say("camera-title", { name, state: stateText(state) });
    found.push(
      made({
        key: `camera ${camera.id}`,
        level: "orange",
        title,
        detail: whyText(reason),
        since: since ?? null,
        do: doText(reason),
        ...there,
      }),
    );
  }
  const stopped = recording?.find((each) => each.state !== "recording");
  if (stopped && state === "live") {
    const title = say("camera-recording", { name, why: whyText(stopped.reason ?? "unknown") });
    found.push(
      made({
        key: `recording ${camera.id}`,
        level: "orange",
        title,
        since: stopped.since,
        do: say("camera-recording-do"),
        ...machine(),
      }),
    );
  }
  for (const [part, why] of Object.entries(troubles ?? {})) {
    const title = say("camera-trouble", { name, why: `${part}: ${why}` });
    found.push(
      made({ key: `${part} ${camera.id}`, level: "yellow", title, do: say("camera-trouble-do"), ...there }),
    );
  }
  if (camera.watching === "unclaimed") {
    const to = { to: "/setup/people", go: say("go-cameras") };
    found.push(
      made({
        key: `claim ${camera.id}`,
        level: "blue",
        title: say("camera-unclaimed", { name }),
        do: say("camera-unclaimed-do"),
        ...to,
      }),
    );
  }
  return found;
}

function ofSource(source: Of<"HealthView">, told: Told): Wrong[] {
  if (WELL.has(source.state) || source.kind === "camera.health") return []; // cameras tell more themselves
  const known = told.sensors.find((each) => each.id === source.source);
  const name = inLanguage(known?.name) || source.source;
  const about = { key: `${source.kind} ${source.source}`, detail: source.reason ?? "", since: source.since };
  switch (source.kind) {
    case "sensor.health": {
      const level = known?.life_safety ? "orange" : "yellow";
      const there = { to: "/setup/sensors", go: say("go-sensors") };
      return [
        made({ ...about, level, title: say("sensor-title", { name }), do: say("sensor-do"), ...there }),
      ];
    }
    case "gateway.health":
      return [
        made({ ...about, level: "orange", title: say("gateway-title", { name }), do: say("gateway-do") }),
      ];
    case "broker.health":
      return [
        made({ ...about, level: "red", title: say("broker-title"), do: say("broker-do"), ...machine() }),
      ];
    case "notifier.health": {
      const there = { to: "/setup/channels", go: say("go-channels") };
      return [
        made({
          ...about,
          level: "orange",
          title: say("notifier-title", { name }),
          do: say("notifier-do"),
          ...there,
        }),
      ];
    }
    default:
      return [
        made({
          ...about,
          level: "yellow",
          title: say("other-title", { name }),
          do: say("other-do"),
          ...machine(),
        }),
      ];
  }
}

function ofHub(each: Of<"ConditionView">): Wrong[] {
  if (!each.known) return [];
  const about = { key: `${each.kind} ${each.source}`, since: each.at, ...machine() };
  const { fields, source: name } = each;
  if (each.kind === "hub.disk") {
    if (fields.failing === true)
      return [
        made({ ...about, level: "red", title: say("disk-failing", { name }), do: say("disk-failing-do") }),
      ];
    const free = Number(fields.free_pct);
    // Disks for recordings are full by intention.
    if (fields.recordings === true || !(free < LITTLE_PERCENT)) return [];
    return [
      made({
        ...about,
        level: "orange",
        title: say("disk-title", { name, n: Math.round(free) }),
        do: say("disk-do"),
      }),
    ];
  }
  if (each.kind === "hub.recordings" && Number(fields.short_days) > 0) {
    const title = say("recordings-title", { n: Math.ceil(Number(fields.short_days)) });
    return [made({ ...about, level: "yellow", title, do: say("recordings-do") })];
  }
  if (each.kind === "hub.clock" && fields.synchronised === false)
    return [made({ ...about, level: "yellow", title: say("clock-title"), do: say("clock-do") })];
  if (each.kind === "hub.analysis" && Number(fields.lag_s) > SLOW_S) {
    const title = say("analysis-title", { n: Math.round(Number(fields.lag_s)) });
    return [made({ ...about, level: "yellow", title, do: say("analysis-do") })];
  }
  if (each.kind === "hub.rules" && fields.blind === true) {
    const there = { to: "/rules", go: say("go-rules"), detail: String(fields.reason ?? "") };
    return [
      made({ ...about, level: "yellow", title: say("rule-title", { name }), do: say("rule-do"), ...there }),
    ];
  }
  return [];
}

const warnings = (health: Of<"HealthAnswer">) =>
  (health.warnings ?? []).map((title) =>
    made({ key: `warning ${title}`, level: "blue", title, do: say("warning-do"), ...machine() }),
  );

const ofIncident = (incident: Of<"IncidentView">) =>
  made({
    key: `incident ${incident.id}`,
    level: incident.level,
    title: inLanguage(incident.name),
    detail: inLanguage(incident.text),
    since: incident.opened,
    do: inLanguage(incident.do) || say("incident-do"),
    to: `/incidents/${incident.id}`,
    go: say("go-incident"),
  });

function refused(refusals: readonly Of<"RefusalView">[]): Wrong[] {
  const [newest] = refusals;
  if (newest === undefined) return [];
  const oldest = refusals.at(-1);
  return [
    made({
      key: "refusals",
      level: "blue",
      title: say("refusals-title", { n: refusals.length }),
      detail: `${newest.topic}: ${newest.reason} ${newest.detail}`,
      since: oldest?.arrived ?? null,
      do: say("refusals-do"),
      to: "/setup/sensors",
      go: say("go-sensors"),
    }),
  ];
}
