/** What came of trying cameras, made into bodies for `POST /cameras`. Pure. */

import type { Of } from "@/hub/client";

/** A host or a stream that is to be tried, and how far that is. */
export interface Trial {
  /** What is shown and what tells one from another. */
  host: string;
  /** What is asked: `{host}` over ONVIF, or `{url}` of one stream. */
  ask: { host: string } | { url: string };
  step: "waiting" | "trying" | "failed" | "good";
  problem?: Of<"SaidView"> | null;
  answer?: Of<"ProbeView">;
}

/** One camera that can be saved: what the hub made ready, and what the person says of it. */
export interface Ready {
  host: string;
  body: Record<string, unknown>;
  channel: Of<"Channel">;
  notes: Of<"SaidView">[];
  elsewhere: string[];
  /** By which it can be tried and saved; never shown. */
  username: string;
  password: string;
  take: boolean;
  id: string;
  name: string;
  site: string;
  step: "open" | "saving" | "saved";
  fault: string;
}

const STREAMS = ["main", "sub", "onvif"] as const;

/** An address that people write: a URL of a stream, or a host that is asked over ONVIF. */
export function askOf(typed: string): Trial["ask"] {
  const text = typed.trim();
  return /^(rtsps?|https?):\/\//i.test(text) && !/onvif/i.test(text) ? { url: text } : { host: text };
}

/** The networks of a line that people write: commas, spaces or lines between. */
export const networksOf = (typed: string) => typed.split(/[\s,;，；、]+/).filter(Boolean);

/** The cameras that a trial found usable, in the order of their lenses. */
export function readyOf(trial: Trial, username: string, password: string, site: string): Ready[] {
  const usable = (trial.answer?.channels ?? []).filter((channel) => !channel.main.problem);
  return (trial.answer?.cameras ?? []).flatMap((body, at): Ready[] => {
    const channel = usable[at];
    if (channel === undefined) return [];
    const name = body.name as Of<"Text"> | undefined;
    return [
      {
        host: trial.host,
        body,
        channel,
        notes: [...(trial.answer?.notes ?? []), ...(channel.advice ?? [])].map((each) => ({
          detail: "",
          ...each,
        })),
        elsewhere: trial.answer?.elsewhere ?? [],
        username,
        password,
        take: true,
        id: String(body.id),
        name: name?.zh ?? channel.name,
        site,
        step: "open",
        fault: "",
      },
    ];
  });
}

/** What is sent to save it: the password stands beside each user name, and nowhere else. */
export function bodyOf(ready: Ready): Of<"Camera"> {
  const made: Record<string, unknown> = { ...ready.body, id: ready.id, site: ready.site };
  if (ready.name) made.name = { zh: ready.name, en: ready.name };
  for (const part of STREAMS) {
    const stream = made[part] as Record<string, unknown> | undefined;
    if (stream?.username && ready.password) made[part] = { ...stream, password: ready.password };
  }
  return made as unknown as Of<"Camera">;
}
