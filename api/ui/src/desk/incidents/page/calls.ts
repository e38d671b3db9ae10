/** Numbers to call. */

/** The public ones, by the family of what happened: fire, ambulance, police, traffic police. */
const EMERGENCY: Readonly<Record<string, readonly Number[]>> = {
  fire: ["119", "120"],
  gas: ["119", "120"],
  power: ["119"],
  sos: ["120", "110"],
  care: ["120", "110"],
  flood: ["119"],
  geo: ["119"],
  road: ["122", "120"],
  crowd: ["110", "120"],
  area: ["110"],
  vehicle: ["110"],
  door: ["110"],
};
type Number = "110" | "119" | "120" | "122";

export const emergencyOf = (kind: string): readonly Number[] => EMERGENCY[kind.split(".")[0] ?? ""] ?? [];

/** What can be dialled of what somebody wrote; null where it is no number. */
export function phoneOf(written: string | null | undefined): string | null {
  const digits = (written ?? "").replace(/[\s()-]/g, "");
  return /^\+?\d{5,15}$/.test(digits) ? digits : null;
}
