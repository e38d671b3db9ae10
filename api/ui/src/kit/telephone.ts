/** Telephone numbers: what can be dialled of what somebody wrote, and what the hub takes as one. */

/** What can be dialled of what somebody wrote; null where it is no number. */
export function phoneOf(written: string | null | undefined): string | null {
  const digits = (written ?? "").replace(/[\s()-]/g, "");
  return /^\+?\d{3,20}$/.test(digits) ? digits : null;
}

/** What the hub takes: 3 to 20 digits, spaces and hyphens between them, + before a country's code. */
export const PHONE_PATTERN = "\\+?[0-9](?:[ \\-]{0,3}[0-9]){2,19}";

/** Where the browser lets a page copy: on https and on the machine itself. */
export const canCopy = (): boolean => "clipboard" in navigator;
