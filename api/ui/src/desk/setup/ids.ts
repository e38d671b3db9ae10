/** Ids as the hub takes them, made from what people call things. */

export const ID_PATTERN = "[a-z0-9][a-z0-9._\\-]{0,63}";

const MOST = 64;

/** An id made of a name, not one of those that are taken; `otherwise` where the name has no letter that an id may hold. */
export function idOf(name: string, otherwise: string, taken: readonly string[] = []): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, MOST - 5);
  const stem = plain || otherwise;
  if (plain && !taken.includes(stem)) return stem;
  for (let number = plain ? 2 : 1; ; number += 1) {
    const wanted = `${stem}-${String(number)}`;
    if (!taken.includes(wanted)) return wanted;
  }
}
