/** A camera as a form holds it, and the body that its change is. Pure. */

import type { Of } from "@/hub/client";

export interface StreamDraft {
  part: "main" | "sub" | "onvif";
  url: string;
  username: string;
  /** Empty keeps what there is. */
  password: string;
  hasPassword: boolean;
}

export interface Draft {
  zh: string;
  en: string;
  site: string;
  enabled: boolean;
  streams: StreamDraft[];
  record: "ring" | "no" | "days" | "class";
  recordClass: string;
  keepDays: string;
  analyse: Of<"Analyse">;
  lat: string;
  lon: string;
}

const PARTS = ["main", "sub", "onvif"] as const;
const USUAL_DAYS = 30;

export function draftOf(camera: Of<"CameraView">): Draft {
  const { record } = camera;
  const form =
    record === false ? "no" : record == null ? "ring" : typeof record === "string" ? "class" : "days";
  return {
    zh: camera.name?.zh ?? "",
    en: camera.name?.en ?? "",
    site: camera.site,
    enabled: camera.enabled ?? true,
    streams: PARTS.map((part) => ({
      part,
      url: camera[part]?.url ?? "",
      username: camera[part]?.username ?? "",
      password: "",
      hasPassword: camera[part]?.has_password ?? false,
    })),
    record: form,
    recordClass: typeof record === "string" ? record : "",
    keepDays: String((typeof record === "object" ? record?.keep_days : null) ?? USUAL_DAYS),
    analyse: camera.analyse ?? "all",
    lat: camera.location ? String(camera.location.lat) : "",
    lon: camera.location ? String(camera.location.lon) : "",
  };
}

/** The whole camera with what was changed; what the form does not hold (zones, detectors) goes back as it came. */
export function changedBody(camera: Of<"CameraView">, draft: Draft): Of<"Camera"> {
  const { area, watching, status, main, sub, onvif, ...kept } = camera;
  void [area, watching, status, main, sub];
  const before = typeof camera.record === "object" ? camera.record : null;
  const record = {
    ring: null,
    no: false,
    class: draft.recordClass,
    days: { ...before, keep_days: Number(draft.keepDays) },
  }[draft.record];
  const streams = draft.streams.flatMap((each): [string, unknown][] => {
    if (each.url.trim() === "") return [];
    const stream: Record<string, unknown> = { url: each.url.trim(), username: each.username || null };
    if (each.password) stream.password = each.password; // left out: it keeps the one it has
    if (each.part === "onvif" && onvif)
      Object.assign(stream, { profile: onvif.profile, events: onvif.events });
    return [[each.part, stream]];
  });
  return {
    ...kept,
    name: draft.zh || draft.en ? { zh: draft.zh || null, en: draft.en || null } : null,
    site: draft.site,
    enabled: draft.enabled,
    analyse: draft.analyse,
    location: draft.lat && draft.lon ? { lat: Number(draft.lat), lon: Number(draft.lon) } : null,
    record,
    ...Object.fromEntries(streams),
  } as unknown as Of<"Camera">;
}
