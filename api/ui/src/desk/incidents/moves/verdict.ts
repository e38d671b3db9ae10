/** What is said with a verdict; null while something is missing that the hub would ask for. */

import type { Of } from "@/hub/client";
import { needsCause } from "@/kit/incidents";

interface Said {
  verdict: Of<"ResolveBody">["verdict"] | "";
  cause: string;
  note: string;
  second: string;
  evidence: string;
  /** Whether one of them is red: a note is needed, and for `false` a picture or a second name. */
  red: boolean;
}

export function saidWith(said: Said): Of<"ResolveBody"> | null {
  const note = said.note.trim();
  const second = said.second.trim();
  if (said.verdict === "") return null;
  if (needsCause(said.verdict) && said.cause === "") return null;
  if (said.red && note === "") return null;
  const doubled = said.red && said.verdict === "false";
  if (doubled && second === "" && said.evidence === "") return null;
  return {
    verdict: said.verdict,
    ...(needsCause(said.verdict) ? { cause: said.cause as Of<"Cause"> } : {}),
    note,
    second: doubled ? second : "",
    evidence: doubled ? said.evidence : "",
  };
}
