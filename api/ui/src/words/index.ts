/**
 * Words: every text that people read, in both languages, beside the part that shows it.
 *
 * A part names its words once, `const say = words("wall", zh, en)`, and says them by key; the compiler refuses a key
 * that one language lacks. What the hub sends in both languages is read with `inLanguage`.
 */

import { ref, watch } from "vue";
import { createI18n } from "vue-i18n";

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

export const i18n = createI18n({
  legacy: false,
  locale: language.value,
  fallbackLocale: false,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
  messages: { zh: {}, en: {} } as Record<Language, Record<string, Record<string, string>>>,
});

watch(
  language,
  (chosen) => {
    i18n.global.locale.value = chosen;
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
  i18n.global.mergeLocaleMessage("zh", { [part]: zh });
  i18n.global.mergeLocaleMessage("en", { [part]: en });
  return (key, said = {}) => i18n.global.t(`${part}.${key}`, said);
}

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
