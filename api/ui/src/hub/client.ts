/**
 * The hub's public API, typed by its own description: `await got(api.GET("/api/v1/cameras", { params: { query } }))`.
 */

import createClient from "openapi-fetch";

import { Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";
import { authorised } from "./session";

export { Problem };

/** What the API calls a thing: `Of<"IncidentView">`. */
export type Of<Name extends keyof components["schemas"]> = components["schemas"][Name];

export const api = createClient<paths>({ fetch: (request: Request) => authorised(request) });

/** The same without a token, for who is not signed in: the first start, an invitation. */
export const openApi = createClient<paths>();

interface Answered {
  data?: unknown;
  response: Response;
  error?: unknown;
}

/** What was asked for; a refusal throws a Problem, no answer at all a TypeError. */
export async function got<A extends Answered>(asked: Promise<A>): Promise<Exclude<A["data"], undefined>> {
  const { data, error, response } = await asked;
  if (error !== undefined || !response.ok) {
    throw new Problem(response.status, (error ?? {}) as Record<string, unknown>, retryAfter(response));
  }
  return data as Exclude<A["data"], undefined>;
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

/** All of a list that comes in pages, at most `most` things. */
export async function everyPage<Item>(
  page: (cursor: string | undefined) => Promise<{ items: Item[]; next?: string | null }>,
  most = 2000,
): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await page(cursor);
    found.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined && found.length < most);
  return found;
}

/** Bytes that need the token (a still, a photo, an export), as an address for `src` or `href`; release it when done. */
export async function objectUrl(path: string, signal?: AbortSignal): Promise<string> {
  const answer = await authorised(path, { signal: signal ?? null });
  if (!answer.ok) throw await problemOf(answer);
  return URL.createObjectURL(await answer.blob());
}
