/** The options of a channel as a form: its fields out of the JSON Schema, and what was typed as the hub takes it. Pure. */

import type { Of } from "@/hub/client";
import type { Wrong } from "@/hub/problem";

/** As far as schemas of options go. */
interface Schema {
  type?: string;
  enum?: readonly string[];
  anyOf?: readonly Schema[];
  items?: Schema;
  default?: unknown;
  description?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

interface Named {
  name: string;
  required: boolean;
  /** What the hub's own program says of it, in English. */
  about: string;
  /** What is so when nothing is written. */
  otherwise: unknown;
}
export type Field = Named &
  (
    | { is: "text"; longest?: number; pattern?: string }
    | { is: "number"; whole: boolean; least?: number; most?: number }
    | { is: "yes" }
    | { is: "choice"; choices: readonly string[] }
    /** One a line. */
    | { is: "lines" }
    /** `name = value`, one a line. */
    | { is: "pairs" }
  );
export type Typed = Record<string, string | boolean>;
export type Options = Record<string, unknown>;

/** The fields of a kind, those that have to be filled in first. */
export function fieldsOf(kind: Of<"ChannelKindView"> | undefined): Field[] {
  const { properties = {}, required = [] } = (kind?.options ?? {}) as {
    properties?: Record<string, Schema>;
    required?: string[];
  };
  const fields = Object.entries(properties).map(([name, schema]) =>
    fieldOf(schema, {
      name,
      required: required.includes(name),
      about: schema.description ?? "",
      otherwise: schema.default ?? null,
    }),
  );
  return [...fields.filter((each) => each.required), ...fields.filter((each) => !each.required)];
}

function fieldOf(written: Schema, named: Named): Field {
  const schema = written.anyOf?.find((each) => each.type !== "null") ?? written;
  if (schema.enum) return { ...named, is: "choice", choices: schema.enum };
  switch (schema.type) {
    case "boolean":
      return { ...named, is: "yes" };
    case "integer":
    case "number":
      return {
        ...named,
        is: "number",
        whole: schema.type === "integer",
        ...(schema.minimum !== undefined && { least: schema.minimum }),
        ...(schema.maximum !== undefined && { most: schema.maximum }),
      };
    case "array":
      return { ...named, is: "lines" };
    case "object":
      return { ...named, is: "pairs" };
    default:
      return {
        ...named,
        is: "text",
        ...(schema.maxLength !== undefined && { longest: schema.maxLength }),
        ...(schema.pattern !== undefined && { pattern: schema.pattern }),
      };
  }
}

const inLines = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(String).join("\n")
    : Object.entries((value ?? {}) as Options)
        .map(([name, each]) => `${name} = ${String(each)}`)
        .join("\n");

/** What stands in the fields of a channel that has these options. */
export function typedOf(fields: readonly Field[], options: Options): Typed {
  return Object.fromEntries(
    fields.map((field) => {
      const value = options[field.name] ?? field.otherwise;
      if (field.is === "yes") return [field.name, value === true];
      if (field.is === "lines" || field.is === "pairs") return [field.name, inLines(value)];
      return [field.name, value == null ? "" : String(value as string | number)];
    }),
  );
}

const lines = (text: string) =>
  text
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "");

function valueOf(field: Field, typed: string | boolean): unknown {
  if (typeof typed === "boolean") return typed;
  if (field.is === "lines") return lines(typed);
  if (field.is === "pairs")
    return Object.fromEntries(
      lines(typed).map((each) => {
        const [name = "", ...rest] = each.split(/[=:：]/);
        return [name.trim(), rest.join("=").trim()];
      }),
    );
  const text = typed.trim();
  if (text === "") return null;
  // What is no number goes as it was typed: the hub says what is wrong with it.
  return field.is === "number" && Number.isFinite(Number(text)) ? Number(text) : text;
}

const isEmpty = (value: unknown) =>
  value == null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

/** The options as the hub takes them: what is as it would be anyway is left out, unless it was written before. */
export function optionsOf(fields: readonly Field[], typed: Typed, before: Options): Options {
  return Object.fromEntries(
    fields.flatMap((field): [string, unknown][] => {
      const value = valueOf(field, typed[field.name] ?? "");
      const had = field.name in before;
      if (isEmpty(value)) return had && isEmpty(before[field.name]) ? [[field.name, before[field.name]]] : [];
      return had || value !== field.otherwise ? [[field.name, value]] : [];
    }),
  );
}

const inOrder = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value)
        .map(([name, each]) => [name, inOrder(each)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1))
    : value;

/** Whether two say the same, in whatever order they are written. */
export const isSame = (one: Options, other: Options) =>
  JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

/** What is wrong with a channel, by the field: `options.host`, `id`; what the hub says of it in a language. */
export function wrongsOf(body: { errors?: Wrong[] }, language: "zh" | "en"): Record<string, string> {
  return Object.fromEntries(
    (body.errors ?? []).map(({ where = "", message, message_zh }) => [
      where.replace(/^(?:notifiers\[\d+\]|body)\./, "").replace(/\[\d+\]$/, ""),
      language === "zh" ? (message_zh ?? message) : message,
    ]),
  );
}
