/** The list of rules: what is known of each, and which are looked for. */

import type { Of } from "@/hub/client";

/** What `/figures/rules` tells of one rule. */
export interface Told {
  rule: string;
  annunciations: number;
  share: number;
  judged: number;
  false_share: number | null;
}

export interface Line extends Of<"RuleView"> {
  told: Told | null;
}

export interface Sought {
  words: string;
  kind: string;
  level: string;
  state: string;
  shape: string;
  /** Only those of whose verdicts more than half are false or nuisance, or that are named a bad actor. */
  wrong: boolean;
}

export const NOTHING: Sought = { words: "", kind: "", level: "", state: "", shape: "", wrong: false };
export const COUNTED_DAYS = 30;
const TOO_WRONG = 0.5;

/** `fire` of `fire.smoke`. */
export const family = (kind: string): string => kind.split(".")[0] ?? kind;

export function isWrong(line: Line): boolean {
  return (line.told?.false_share ?? 0) > TOO_WRONG;
}

export function matches(line: Line, sought: Sought): boolean {
  const where = [line.id, line.kind, line.name.zh, line.name.en, line.kind_name.zh, line.kind_name.en]
    .join(" ")
    .toLowerCase();
  return (
    sought.words
      .toLowerCase()
      .split(/\s+/)
      .every((word) => where.includes(word)) &&
    (sought.kind === "" || family(line.kind) === sought.kind) &&
    (sought.level === "" || (line.level ?? "by_level") === sought.level) &&
    (sought.state === "" || line.state === sought.state) &&
    (sought.shape === "" || line.shape === sought.shape) &&
    (!sought.wrong || isWrong(line))
  );
}

/** Every rule with its figures, where there are any. */
export function joined(rules: readonly Of<"RuleView">[], told: readonly Told[]): Line[] {
  const known = new Map(told.map((each) => [each.rule, each]));
  return rules.map((each) => ({ ...each, told: known.get(each.id) ?? null }));
}
