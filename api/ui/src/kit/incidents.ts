/** Incidents as both pages read them: which comes first, what they are called, and how a move is made. */

import { api, got, type Of, Problem } from "@/hub/client";
import { hasText, inLanguage } from "@/words";
import { dayTime } from "@/words/times";

import { explain } from "./faults";
import { type IncidentWord, say } from "./incident-words";

export type Incident = Of<"IncidentView">;
export type Detail = Of<"IncidentDetail">;
export type Level = Of<"Level">;

/** The gravest first. */
export const LEVELS = ["red", "orange", "yellow", "blue", "green"] as const satisfies readonly Level[];
export const VERDICTS = ["true", "false", "nuisance", "test", "duplicate"] as const;
export type Verdict = (typeof VERDICTS)[number];
export const CAUSES = [
  "cooking",
  "steam_or_dust",
  "smoking_or_incense",
  "light_or_reflection",
  "weather",
  "animal",
  "works",
  "authorised_person",
  "low_battery",
  "device_fault",
  "wrong_setting",
  "other",
] as const satisfies readonly Of<"Cause">[];
/** Families of kinds that a list can be narrowed to. */
export const FAMILIES = [
  "fire",
  "gas",
  "sos",
  "flood",
  "care",
  "road",
  "vehicle",
  "area",
  "line",
  "door",
  "crowd",
  "object",
  "power",
  "water",
  "geo",
  "weather",
  "env",
  "report",
  "work",
  "camera",
  "sensor",
  "gateway",
  "device",
  "hub",
] as const;

const HANDLED = ["new", "seen", "dispatched", "on_scene", "resolved", "closed"];

export const rank = (level: Level): number => LEVELS.length - LEVELS.indexOf(level);
export const isOpen = (one: Pick<Incident, "handling">): boolean =>
  one.handling !== "resolved" && one.handling !== "closed";
/** Whether something hides it: a person on purpose, or a graver incident. */
export const isHidden = (one: Pick<Incident, "display" | "muted">): boolean =>
  one.muted === true || (one.display ?? "shown") !== "shown";
/** What somebody has to look at: nobody has yet, and nothing hides it. */
export const asks = (one: Pick<Incident, "handling" | "display" | "muted">): boolean =>
  one.handling === "new" && !isHidden(one);
export const needsCause = (verdict: string): boolean => verdict === "false" || verdict === "nuisance";

/** What asks first, hidden last; of these the gravest first, then who is least far, then the newest. */
export function worstFirst(one: Incident, other: Incident): number {
  return (
    Number(isHidden(one)) - Number(isHidden(other)) ||
    Number(asks(other)) - Number(asks(one)) ||
    rank(other.level) - rank(one.level) ||
    HANDLED.indexOf(one.handling) - HANDLED.indexOf(other.handling) ||
    other.opened.localeCompare(one.opened)
  );
}

const known = (key: string): key is IncidentWord => hasText(`incident.${key}`);
const word = (key: string, otherwise: string): string => (known(key) ? say(key) : otherwise);

export const handlingWord = (handling: string): string => word(`handling-${handling}`, handling);
export const activeWord = (active: boolean): string => say(active ? "active-yes" : "active-no");
export const verdictWord = (verdict: string): string => word(`verdict-${verdict}`, verdict);
export const causeWord = (cause: string): string => word(`cause-${cause}`, cause);
/** What may be done: `acknowledge`. */
export const doWord = (move: string): string => word(`do-${move}`, move);
/** What was done, as the journal has it: `acknowledged`. */
export const moveWord = (move: string): string => word(`move-${move}`, move);
export const orderWord = (state: string): string => word(`order-${state}`, state);
export const familyWord = (family: string): string => word(`family-${family}`, family);
export const whoWord = (who: string): string => (who === "engine" ? say("engine") : who);
export const doneWord = (move: string, number: number): string =>
  known(`done-${move}`) ? say(`done-${move}` as IncidentWord, { n: number }) : "";

/** Site and area, camera where neither is known. */
export function placeOf(one: Pick<Incident, "place" | "site" | "area" | "camera">): string {
  const named = [inLanguage(one.place.site) || one.site, inLanguage(one.place.area) || one.area];
  return named.filter(Boolean).join(" · ") || inLanguage(one.place.camera) || one.camera || "";
}

/** What it is, in a line: what the alert says, else what its kind is called. */
export const textOf = (one: Pick<Incident, "text" | "name">): string =>
  inLanguage(one.text) || inLanguage(one.name);

/** Who hides it, why and until when; empty while it is shown. */
export function hiddenBy(one: Incident): string {
  if (!isHidden(one)) return "";
  const display = one.display ?? "shown";
  if (display === "shown" || display === "muted") return say("display-muted");
  const said = {
    how: say(`display-${display}`),
    by: whoWord(one.hidden_by ?? ""),
    why: one.hidden_why ?? "",
    until: one.hidden_until ? dayTime(one.hidden_until) : "",
  };
  return say(one.hidden_until ? "hidden-until" : "hidden-open", said);
}

// --- moves ---

export interface Bodies {
  acknowledge: Of<"AcknowledgeBody">;
  comment: Of<"CommentBody">;
  resolve: Of<"ResolveBody">;
  reopen: Of<"ReopenBody">;
  shelve: Of<"ShelveBody">;
  unshelve: Of<"UnshelveBody">;
  merge: Of<"MergeBody">;
  split: Of<"SplitBody">;
  rate: Of<"RateBody">;
}
export type Move = keyof Bodies;

/** How an incident stands after somebody else was first; null where the problem is another. */
export function newestOf(error: unknown): Incident | null {
  if (!(error instanceof Problem) || (error.status !== 412 && error.status !== 409)) return null;
  return (error.body.current as Incident | undefined) ?? null;
}

/** What went wrong with a move, in words: who was first, where somebody was. */
export function explainMove(error: unknown): string {
  if (!(error instanceof Problem)) return explain(error);
  if (newestOf(error) !== null) {
    const first = error.body.first as { who?: string; move?: string } | null | undefined;
    return first?.who && first.who !== "engine"
      ? say("first", { who: first.who, move: moveWord(first.move ?? "") })
      : say("changed");
  }
  // What the hub says is said in its own words: why a guard refuses, what is missing.
  return error.status === 409 || error.status === 422 ? error.message : explain(error);
}

/**
 * Make a move on the version that is looked at. Where only the hub changed something meanwhile that does not matter
 * for the decision (it happened again, it returned), the move is made on the new version.
 *
 * @throws Problem - 412 with the incident as it stands where somebody else was first: `newestOf`, `explainMove`.
 */
export async function make<M extends Move>(one: Incident, move: M, body: Bodies[M]): Promise<Incident> {
  return onVersion(one, (version) => send(one.id, version, move, body));
}

/** Send somebody there. */
export async function dispatch(one: Incident, body: Of<"DispatchBody">): Promise<Of<"OrderView">> {
  return onVersion(one, (version) =>
    got(
      api.POST("/api/v1/incidents/{incident_id}/dispatch", {
        params: { path: { incident_id: one.id }, header: { "If-Match": version } },
        body,
      }),
    ),
  );
}

async function onVersion<T>(one: Incident, act: (version: string) => Promise<T>): Promise<T> {
  try {
    return await act(`"${one.version}"`);
  } catch (error) {
    const now = newestOf(error);
    if (now === null || now.version === one.version) throw error;
    if (now.level !== one.level || now.handling !== one.handling) throw error;
    return act(`"${now.version}"`);
  }
}

async function send<M extends Move>(
  id: string,
  version: string,
  move: M,
  body: Bodies[M],
): Promise<Incident> {
  const params = { path: { incident_id: id }, header: { "If-Match": version } };
  const asked = { params, body } as never;
  return await got(
    api.POST(`/api/v1/incidents/{incident_id}/${move}` as "/api/v1/incidents/{incident_id}/reopen", asked),
  );
}
