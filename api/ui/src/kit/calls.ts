/** Whom to call about an incident, as far as I am told. */

import { api, got, type Of, Problem } from "@/hub/client";
import { may } from "@/hub/me";

/** Nobody where I have nothing to do with it: I only read it, or was called back. */
export async function callsOf(incident: string, signal: AbortSignal): Promise<Of<"CallView">[]> {
  if (!may("incidents.handle") && !may("orders.answer")) return [];
  const params = { path: { incident_id: incident } };
  try {
    return (await got(api.GET("/api/v1/incidents/{incident_id}/calls", { params, signal }))).calls;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return [];
    throw error;
  }
}
