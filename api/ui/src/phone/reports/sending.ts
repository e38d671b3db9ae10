/** Sending a report with its photos; under the same id it is the same report, however often a bad line has it sent. */

import type { Of } from "@/hub/client";
import { problemOf } from "@/hub/problem";
import { authorised } from "@/hub/session";

import type { Spot } from "../place";

export interface Draft {
  id: string;
  category: string;
  text: string;
  contact: string;
  site: string | null;
  spot: Spot | null;
  photos: Blob[];
}

export function formOf(draft: Draft): FormData {
  const form = new FormData();
  form.set("client_id", draft.id);
  form.set("category", draft.category);
  if (draft.text.trim()) form.set("text", draft.text.trim());
  if (draft.contact.trim()) form.set("contact", draft.contact.trim());
  if (draft.site !== null) form.set("site", draft.site);
  if (draft.spot !== null) {
    form.set("lat", String(draft.spot.lat));
    form.set("lon", String(draft.spot.lon));
  }
  draft.photos.forEach((photo, n) => {
    form.append("photo", photo, `${n + 1}.jpg`);
  });
  return form;
}

export async function send(draft: Draft): Promise<Of<"ReportView">> {
  const answer = await authorised("/api/v1/reports", { method: "POST", body: formOf(draft) });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as Of<"ReportView">;
}

/** More photos of a report that was sent. */
export async function sendPhotos(report: string, photos: Blob[]): Promise<Of<"ReportView">> {
  const form = new FormData();
  photos.forEach((photo, n) => {
    form.append("photo", photo, `${n + 1}.jpg`);
  });
  const path = `/api/v1/reports/${encodeURIComponent(report)}/photos`;
  const answer = await authorised(path, { method: "POST", body: form });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as Of<"ReportView">;
}
