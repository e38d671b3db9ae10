/**
 * `v-kept`: shows a value in a field that is given when it is left (`@change`), and keeps what is being typed into it.
 *
 * With `:value` every drawing of the page, as when an answer comes, would take away what was typed and not given yet.
 * Once it was given the field shows what became of it: as it is written, or, where it was not taken, as before.
 */

import { type Directive, nextTick } from "vue";

type Field = HTMLInputElement | HTMLTextAreaElement;
type Value = string | number | null | undefined;

const shown = new WeakMap<Field, string>();
const written = (value: Value): string => String(value ?? "");

function show(field: Field): void {
  field.value = shown.get(field) ?? "";
}

export const vKept: Directive<Field, Value> = {
  beforeMount: (field, { value }) => {
    shown.set(field, written(value));
    show(field);
    field.addEventListener("change", () => void nextTick(() => show(field)));
  },
  updated: (field, { value }) => {
    const before = shown.get(field);
    shown.set(field, written(value));
    const isTyping = document.activeElement === field && field.value !== before;
    if (before !== written(value) && !isTyping) show(field);
  },
};
