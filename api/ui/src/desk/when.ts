/** How days and times are written in fields. */

import type { Language } from "@/words";

export type Kind = "date" | "datetime";

/** As the browser's own fields give them. */
export const VALUE: Record<Kind, string> = { date: "YYYY-MM-DD", datetime: "YYYY-MM-DDTHH:mm:ss" };

const DAYS: Record<Language, string> = { zh: "YYYY-MM-DD", en: "D MMM YYYY" };

/** As the reader writes them: `2026-11-23 20:15:03`, `23 Nov 2026 20:15:03`. */
export const formatOf = (kind: Kind, language: Language): string =>
  kind === "date" ? DAYS[language] : `${DAYS[language]} HH:mm:ss`;
