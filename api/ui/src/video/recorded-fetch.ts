/** Asks the hub for what a player of recordings needs: play-lists, stretches of files, where it goes on. */

import { api, got } from "@/hub/client";
import { problemOf } from "@/hub/problem";
import { authorised } from "@/hub/session";

import { parse, type Run, SEAM_MS } from "./recorded-list";

export type StreamName = "main" | "sub";

/** How much a play-list is asked for; the next one when it runs out. */
export const WINDOW_MS = 30 * 60_000;
const DAY_MS = 86_400_000;

export const iso = (at: number) => new Date(at).toISOString();

/** What is recorded from a moment on; a Problem `nothing-recorded` where nothing is. */
export async function recordedList(camera: string, stream: StreamName, at: number): Promise<Run[]> {
  const query = new URLSearchParams({ from: iso(at), to: iso(at + WINDOW_MS), stream });
  const path = `/api/v1/cameras/${encodeURIComponent(camera)}/recordings.m3u8?${query.toString()}`;
  const answer = await authorised(path);
  if (!answer.ok) throw await problemOf(answer);
  return parse(await answer.text(), new URL(path, location.href).href);
}

/** When the next recording begins, be it hours later; null when there is none within a day. */
export async function nextRecorded(camera: string, stream: StreamName, at: number): Promise<number | null> {
  if (at > Date.now() - SEAM_MS) return null;
  const { ranges } = await got(
    api.GET("/api/v1/cameras/{camera_id}/recordings", {
      params: {
        path: { camera_id: camera },
        query: { from: iso(at), to: iso(at + DAY_MS), stream, resolution_s: 1 },
      },
    }),
  );
  return ranges[0] ? Math.max(at, Date.parse(ranges[0].from)) : null;
}

/** An address of what is recorded, for a player that sends no token. */
export async function playLink(camera: string, stream: StreamName, at: number): Promise<string> {
  const link = await got(
    api.POST("/api/v1/cameras/{camera_id}/links", {
      params: { path: { camera_id: camera } },
      body: { what: "playback", stream, from: iso(at), to: iso(at + WINDOW_MS) },
    }),
  );
  return link.url;
}

/** A stretch of a file. */
export async function fetched(url: string, first: number, size: number): Promise<ArrayBuffer> {
  const answer = await fetch(url, {
    headers: { Range: `bytes=${String(first)}-${String(first + size - 1)}` },
  });
  if (!answer.ok) throw await problemOf(answer);
  return answer.arrayBuffer();
}
