/**
 * The text of a rule after its form was changed, with the comments and the order that it had. Pure.
 *
 * Line by line: what says the same stays as it was written, what says something else is taken from the text that the
 * hub wrote. Whoever asks has the hub read the outcome; what it does not read as it was meant is not used.
 */

import { type Body, isMap, type Plain } from "./written";

interface Entry {
  /** Of a mapping its key, of a list its number. */
  key: string | number;
  /** Comments and blank lines above it. */
  above: string[];
  lines: string[];
}

const LINE_END = /\s+#[^"']*$/;

/** `old`, which says `before`, changed to say `after`, which the hub wrote as `written`. */
export function keepComments(old: string, before: Body, written: string, after: Body): string {
  const [mine, theirs] = [opened(old), opened(written)];
  const made = merged(mine, before, theirs, after);
  return `${closed(made, /^(?:\s*#.*\n|\s*\n)*- /.test(old))
    .join("\n")
    .trimEnd()}\n`;
}

/** The lines of a list with one rule, as those of its mapping. */
function opened(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^- /, "  "));
}

function closed(lines: string[], isList: boolean): string[] {
  const first = lines.findIndex((line) => line.trim() !== "" && !line.trim().startsWith("#"));
  return isList ? lines.map((line, at) => (at === first ? line.replace(/^ {2}/, "- ") : line)) : lines;
}

function merged(mine: string[], before: Plain, theirs: string[], after: Plain): string[] {
  const indent = indentOf(mine);
  const shifted = shift(theirs, indent - indentOf(theirs));
  const isList = Array.isArray(after);
  const { entries: had, rest } = taken(mine, indent, isList);
  const { entries: wanted } = taken(shifted, indent, isList);
  const out = isList ? items(had, before, wanted, after) : keys(had, before as Body, wanted, after as Body);
  return [...out.flatMap((entry) => [...entry.above, ...entry.lines]), ...rest];
}

/** An item that was there stays with what is written about it; one that was not comes as the hub wrote it. */
function items(had: Entry[], before: Plain, wanted: Entry[], after: Plain): Entry[] {
  const old = before as Plain[];
  const now = after as Plain[];
  const stays = (each: Plain | undefined) => now.some((one) => isSame(one, each));
  return wanted.map((entry, at) => {
    const same = had[old.findIndex((each) => isSame(each, now[at]))];
    return same ?? { ...entry, above: stays(old[at]) ? [] : (had[at]?.above ?? []) };
  });
}

function keys(had: Entry[], before: Body, wanted: Entry[], after: Body): Entry[] {
  const fresh = new Map(wanted.map((entry) => [entry.key, entry]));
  const out: Entry[] = [];
  for (const entry of had) {
    const now = fresh.get(entry.key);
    if (now) out.push(changed(entry, before[entry.key], now, after[entry.key]));
  }
  wanted.forEach((entry, at) => {
    if (had.some((each) => each.key === entry.key)) return;
    const before = out.findIndex((each) => each.key === wanted[at - 1]?.key);
    out.splice(before + 1, 0, { ...entry, above: [] });
  });
  return out;
}

function changed(mine: Entry, before: Plain | undefined, theirs: Entry, after: Plain | undefined): Entry {
  if (isSame(before, after)) return mine;
  const alike = (isMap(before) && isMap(after)) || (Array.isArray(before) && Array.isArray(after));
  if (alike && isOpen(mine) && isOpen(theirs)) {
    const inner = merged(mine.lines.slice(1), before as Plain, theirs.lines.slice(1), after as Plain);
    return { ...mine, lines: [mine.lines[0] ?? "", ...inner] };
  }
  const comment = LINE_END.exec(mine.lines[0] ?? "")?.[0] ?? "";
  return { ...mine, lines: [`${theirs.lines[0] ?? ""}${comment}`, ...theirs.lines.slice(1)] };
}

/** Whether two rules say the same, in whatever order. */
export function saysTheSame(one: Plain, other: Plain): boolean {
  return isSame(inOrder(one), inOrder(other));
}

function inOrder(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isMap(value)) return value;
  const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, each]) => [key, inOrder(each)]));
}

/** Whether its value begins in the next line. */
const isOpen = (entry: Entry): boolean => /^\s*[\w-]+:\s*(#.*)?$/.test(entry.lines[0] ?? "");
const isNote = (line: string): boolean => line.trim() === "" || line.trim().startsWith("#");
const isSame = (one: Plain | undefined, other: Plain | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

function indentOf(lines: string[]): number {
  return lines.find((line) => !isNote(line))?.search(/\S/) ?? 0;
}

function shift(lines: string[], by: number): string[] {
  return lines.map((line) => (by >= 0 ? " ".repeat(by) + line : line.slice(-by)));
}

/** The entries of a block, and the comments below all of them. */
function taken(lines: string[], indent: number, isList: boolean): { entries: Entry[]; rest: string[] } {
  const entries: Entry[] = [];
  let notes: string[] = [];
  for (const line of lines) {
    if (isNote(line)) {
      notes.push(line);
      continue;
    }
    const here = line.search(/\S/) === indent;
    const key = isList
      ? /^\s*-(?:\s|$)/.exec(line) && entries.length
      : /^\s*([\w-]+):(?:\s|$)/.exec(line)?.[1];
    if (here && key !== undefined && key !== null) entries.push({ key, above: notes, lines: [line] });
    else entries.at(-1)?.lines.push(...notes, line);
    notes = [];
  }
  return { entries, rest: notes };
}
