/** What may be asked for, and of which incidents. */

import type { Incident, Move } from "@/kit/incidents";

export type Wanted = Move | "dispatch";

/** Of these, which allow the move. */
export const allowing = (move: Wanted, some: readonly Incident[]): Incident[] =>
  some.filter((one) => one.allowed.includes(move));
