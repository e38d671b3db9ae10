/** A rule as it is written, and the parts of a form that show it: paths, conditions, versions. Pure. */

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };
export type Body = Record<string, Plain>;
export type Path = readonly (string | number)[];

/** What stands at a path; undefined where nothing does. */
export function at(body: Plain | undefined, path: Path): Plain | undefined {
  let found: Plain | undefined = body;
  for (const key of path) {
    if (Array.isArray(found) && typeof key === "number") found = found[key];
    else if (isMap(found)) found = found[String(key)];
    else return undefined;
  }
  return found;
}

/** The same body with a part put in, or with `undefined` taken out; what is empty by that goes too. */
export function put(body: Body, path: Path, value: Plain | undefined): Body {
  return (change(body, path, value) as Body | undefined) ?? {};
}

function change(whole: Plain | undefined, path: Path, value: Plain | undefined): Plain | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === "number") {
    const list = Array.isArray(whole) ? [...whole] : [];
    const inner = change(list[key], rest, value);
    if (inner === undefined) list.splice(key, 1);
    else list[key] = inner;
    return list.length > 0 ? list : undefined;
  }
  const map: Body = isMap(whole) ? { ...whole } : {};
  const inner = change(map[key], rest, value);
  if (inner === undefined) Reflect.deleteProperty(map, key);
  else map[key] = inner;
  return Object.keys(map).length > 0 ? map : undefined;
}

export function isMap(value: Plain | undefined): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One word, a list or nothing, as a list. */
export function listOf(value: Plain | undefined): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** A list as it is written: nothing, one word, or a list. */
export function writtenList(list: readonly string[]): Plain | undefined {
  return list.length === 0 ? undefined : list.length === 1 ? list[0] : [...list];
}

/** The path as the hub names it: `when.together.all_of[0].kind`. */
export function named(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${key}` : key),
    "",
  );
}

export interface Mistake {
  where: string;
  message: string;
  line?: number | null;
}

/** What the hub found wrong, in the language of whoever reads. */
export function mistakesIn(
  language: "zh" | "en",
  found: readonly (Mistake & { message_zh: string })[],
): Mistake[] {
  return found.map(({ where, message, message_zh, line }) => ({
    where,
    message: language === "zh" ? message_zh : message,
    line,
  }));
}

/** The mistakes at a path; with `below`, those of all its parts too. */
export function mistakesAt(mistakes: readonly Mistake[], path: Path, below = true): Mistake[] {
  const name = named(path);
  return mistakes.filter(
    ({ where }) =>
      where === name || (below && (where.startsWith(`${name}.`) || where.startsWith(`${name}[`))),
  );
}

export const SIGNS = ["is", "not", ">=", "<=", ">", "<", "one"] as const;
export type Sign = (typeof SIGNS)[number];
export interface Condition {
  field: string;
  sign: Sign;
  text: string;
}

/** The conditions of a pattern as lines of a form. */
export function conditionsOf(where: Plain | undefined): Condition[] {
  return isMap(where) ? Object.entries(where).map(([field, value]) => ({ field, ...read(value) })) : [];
}

function read(value: Plain): { sign: Sign; text: string } {
  if (Array.isArray(value)) return { sign: "one", text: value.map(String).join(", ") };
  if (typeof value === "string") {
    const found = /^(>=|<=|>|<|not)\s+(.*)$/.exec(value);
    if (found) return { sign: found[1] as Sign, text: found[2] ?? "" };
  }
  return { sign: "is", text: String(value) };
}

/** Those lines as they are written; undefined when there is none. A line without a field is not written yet. */
export function writtenWhere(lines: readonly Condition[]): Body | undefined {
  const named = lines.filter((each) => each.field.trim() !== "");
  if (named.length === 0) return undefined;
  return Object.fromEntries(named.map((each) => [each.field.trim(), written(each)]));
}

function written({ sign, text }: Condition): Plain {
  if (sign === "is") return valueOf(text);
  if (sign === "one") {
    return text
      .split(/[,，]/)
      .map((each) => each.trim())
      .filter((each) => each !== "")
      .map(valueOf);
  }
  return `${sign} ${text.trim()}`;
}

/** `true`, a number, or the text. */
export function valueOf(text: string): Plain {
  const bare = text.trim();
  if (bare === "true" || bare === "false") return bare === "true";
  return /^-?\d+(\.\d+)?$/.test(bare) ? Number(bare) : bare;
}

/** The text without its version, so that the hub gives it the next one; null where that cannot be seen. */
export function withoutVersion(text: string): string | null {
  const kept = text.replace(/^[ \t]+version:[ \t]*\d+[ \t]*(#.*)?\n/m, "");
  return kept === text ? null : kept;
}

/** The unit that a field's name ends with: `m` of `level_m`. */
export function unitOf(field: string): string {
  const units: Record<string, string> = {
    c: "°C",
    percent: "%",
    mpa: "MPa",
    pa: "Pa",
    ma: "mA",
    hpa: "hPa",
    deg: "°",
  };
  const last = field.includes("_") ? (field.split("_").pop() ?? "") : field === "percent" ? field : "";
  return units[last] ?? (/^(m|mm|cm|s|a|w|v|g|ppm|lux|kmh|ms)$/.test(last) ? last : "");
}
