/**
 * Words: every text that people read, in both languages, beside the part that shows it.
 *
 * A part names its words once, `const say = words("wall", zh, en)`, and says them by key; the compiler refuses a key
 * that one language lacks. What the hub sends in both languages is read with `inLanguage`.
 */

import { ref, watch } from "vue";

export type Language = "zh" | "en";
export type Said = Record<string, string | number>;

const KEPT = "language";
const LOCALES: Record<Language, string> = { zh: "zh-CN", en: "en" };

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.languages.some((each) => each.toLowerCase().startsWith("zh")) ||
    !navigator.language.startsWith("en")
    ? "zh"
    : "en";
}

/** The language of whoever reads. */
export const language = ref<Language>(first());

/** Every text, by its part and key. */
const texts: Record<Language, Map<string, string>> = { zh: new Map(), en: new Map() };

watch(
  language,
  (chosen) => {
    document.documentElement.lang = LOCALES[chosen];
    localStorage.setItem(KEPT, chosen);
  },
  { immediate: true },
);

/**
 * Name the words of a part, and get what says them.
 *
 * @param part - Its name, used by no other part.
 * @param zh - The Chinese words; `{name}` stands for what is filled in. A key has no dot.
 * @param en - The same in English.
 */
export function words<Key extends string>(
  part: string,
  zh: Record<Key, string>,
  en: Record<NoInfer<Key>, string>,
): (key: Key, said?: Said) => string {
  for (const key of Object.keys(zh) as Key[]) {
    texts.zh.set(`${part}.${key}`, zh[key]);
    texts.en.set(`${part}.${key}`, en[key]);
  }
  return (key, said) => textOf(`${part}.${key}`, said);
}

/** The text of a part and key in the reader's language; read in a template it follows the language. */
export function textOf(name: string, said: Said = {}): string {
  const text = texts[language.value].get(name) ?? name;
  return text.replace(/\{(\w+)\}/g, (hole, key: string) => String(said[key] ?? hole));
}

/** Whether there is such a text. */
export const hasText = (name: string): boolean => texts.zh.has(name);

/** Every text of a language by its name, for the tests. */
export const everyText = (of: Language): ReadonlyMap<string, string> => texts[of];

/** A text that the hub has in both languages, in the reader's; in the other where that is empty. */
export function inLanguage(
  text: { zh?: string | null; en?: string | null } | string | null | undefined,
): string {
  if (typeof text === "string" || text == null) return text ?? "";
  const [wanted, other] = language.value === "zh" ? [text.zh, text.en] : [text.en, text.zh];
  return wanted || other || "";
}

/** The reader's locale, for Intl. */
export const locale = () => LOCALES[language.value];
