/** What the parts of the form of a rule share: what is edited, whether it may be, and what is wrong. */

import type { InjectionKey, Ref } from "vue";

import type { Mistake, Path, Plain } from "./written";

export const mistakesOf: InjectionKey<Readonly<Ref<Mistake[]>>> = Symbol("mistakes");

export interface Form {
  get: (path: Path) => Plain | undefined;
  set: (path: Path, value: Plain | undefined) => void;
  text: (path: Path) => string;
  /** Empty text takes the key out. */
  write: (path: Path, text: string) => void;
  /** Text that is no number stays text, so that the hub can say what is wrong with it. */
  writeNumber: (path: Path, text: string) => void;
  fixed: Readonly<Ref<boolean>>;
  /** Ids that may be chosen, with what people call them. */
  known: Readonly<Ref<Known>>;
}

export interface Known {
  areas: Choice[];
  sites: Choice[];
  cameras: Choice[];
  sensors: Choice[];
  tags: Choice[];
  alerts: Choice[];
}

export interface Choice {
  value: string;
  label: string;
}

export const NONE_KNOWN: Known = { areas: [], sites: [], cameras: [], sensors: [], tags: [], alerts: [] };
export const formOf: InjectionKey<Form> = Symbol("form");

/** What was typed into a field of the page. */
export const typed = (event: Event): string => (event.target as HTMLInputElement).value;
