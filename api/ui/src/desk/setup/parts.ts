/** The pages of the set-up, and what each needs. */

import type { Of } from "@/hub/client";
import { may } from "@/hub/me";

export interface Part {
  path: string;
  name: "cameras" | "sensors" | "people" | "channels" | "rosters" | "machine" | "history";
  /** Any of these. */
  needs: Of<"Permission">[];
}

const PARTS: Part[] = [
  { path: "/setup/cameras", name: "cameras", needs: ["devices.add", "community.edit"] },
  { path: "/setup/sensors", name: "sensors", needs: ["devices.add", "community.edit"] },
  { path: "/setup/people", name: "people", needs: ["accounts.manage", "residents.invite", "keys.manage"] },
  { path: "/setup/channels", name: "channels", needs: ["community.edit"] },
  { path: "/setup/rosters", name: "rosters", needs: ["incidents.view"] },
  { path: "/setup/machine", name: "machine", needs: ["system.view"] },
  { path: "/setup/history", name: "history", needs: ["community.view"] },
];

/** Those that are for whoever is signed in. */
export const openParts = () => PARTS.filter((part) => part.needs.some(may));
