/** An id made here; `crypto.randomUUID` is missing where the hub is spoken to without TLS. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((each) => each.toString(16).padStart(2, "0"))
    .join("");
}
