/** What a rule may watch for: the fields of each shape, with their limits. The hub's schema has the same, a test says. */

import type { Body, Plain } from "./written";

export type FieldKind =
  "pattern" | "patterns" | "duration" | "integer" | "number" | "text" | "thresholds" | "choice" | "then_no";

export interface Field {
  name: string;
  kind: FieldKind;
  needed?: boolean;
  least?: number;
  most?: number;
  /** What may be chosen. */
  of?: readonly string[];
}

export const SHAPES = [
  "event",
  "lasts",
  "value",
  "count",
  "together",
  "sequence",
  "change",
  "silence",
] as const;
export type Shape = (typeof SHAPES)[number];
export const LEVELS = ["red", "orange", "yellow", "blue", "green"] as const;
export const SAME = ["site", "area", "camera", "zone"] as const;
export const FOR_EACH = ["site", "area", "community", "device", "camera", "zone", "subject"] as const;
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const RINGS = ["road", "enterprise", "household"] as const;

const OF: Field = { name: "of", kind: "pattern", needed: true };
const WITHIN: Field = { name: "within", kind: "duration", needed: true };

/** `event` is a pattern itself: its one field has no name. */
export const FIELDS: Record<Shape, readonly Field[]> = {
  event: [{ name: "", kind: "pattern", needed: true }],
  lasts: [OF, { name: "for", kind: "duration", needed: true }, { name: "gap", kind: "duration" }],
  value: [
    OF,
    { name: "field", kind: "text", needed: true },
    { name: "above", kind: "thresholds" },
    { name: "below", kind: "thresholds" },
    { name: "back_by", kind: "number", needed: true, least: 0 },
    { name: "for", kind: "duration" },
  ],
  count: [
    OF,
    { name: "at_least", kind: "integer", needed: true, least: 2, most: 10_000 },
    WITHIN,
    { name: "apart", kind: "duration" },
    { name: "different", kind: "choice", of: ["source", "subject"] },
  ],
  together: [
    { name: "all_of", kind: "patterns", needed: true, least: 2, most: 5 },
    WITHIN,
    { name: "near_m", kind: "number", least: 0, most: 10_000 },
    { name: "same", kind: "choice", of: SAME },
  ],
  sequence: [
    { name: "steps", kind: "patterns", needed: true, least: 2, most: 5 },
    WITHIN,
    { name: "then_no", kind: "then_no" },
  ],
  change: [
    OF,
    { name: "field", kind: "text", needed: true },
    { name: "rises", kind: "number", least: 0 },
    { name: "falls", kind: "number", least: 0 },
    WITHIN,
    { name: "samples", kind: "integer", least: 2, most: 32 },
  ],
  silence: [
    OF,
    { name: "longer_than", kind: "duration", needed: true },
    { name: "counted", kind: "choice", of: ["only"] },
  ],
};

const STARTS: Record<string, Plain> = {
  for: "30s",
  within: "5m",
  at_least: 3,
  longer_than: "12h",
  back_by: 0,
  field: "",
};

/** The shape of a rule's `when`; `event` where none can be read. */
export function shapeOf(when: Plain | undefined): Shape {
  const keys = typeof when === "object" && when !== null ? Object.keys(when) : [];
  return SHAPES.find((each) => keys.includes(each)) ?? "event";
}

/** What is watched for in another shape: what can be carried over is, the rest begins with something sensible. */
export function reshaped(when: Body, to: Shape): Body {
  const before = (when[shapeOf(when)] ?? {}) as Body;
  const pattern = firstPattern(before);
  if (to === "event") return { event: pattern };
  const options: Body = {};
  for (const field of FIELDS[to]) {
    const had = before[field.name];
    if (field.kind === "pattern") options[field.name] = pattern;
    else if (field.kind === "patterns") options[field.name] = [pattern, { kind: "motion" }];
    else if (had !== undefined) options[field.name] = had;
    else if (field.needed) options[field.name] = STARTS[field.name] ?? "";
  }
  return { [to]: options };
}

function firstPattern(options: Body): Body {
  const several = options.all_of ?? options.steps;
  const found = options.of ?? (Array.isArray(several) ? several[0] : options);
  return found as Body;
}
