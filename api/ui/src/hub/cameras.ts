/** Cameras as the hub tells of them. */

import { api, everyPage, got, type Of } from "./client";

// The client takes points apart into plain lists of numbers; what comes is as the description says.
const asCamera = (camera: unknown) => camera as Of<"CameraView">;

/** Every camera that I reach. */
export const allCameras = (signal: AbortSignal) =>
  everyPage(async (cursor) => {
    const query = { limit: 200, ...(cursor ? { cursor } : {}) };
    const page = await got(api.GET("/api/v1/cameras", { params: { query }, signal }));
    return { items: page.items.map(asCamera), next: page.next ?? null };
  });

/** One camera, and the mark of how it was when it was read. */
export async function oneCamera(id: string, signal: AbortSignal) {
  const asked = api.GET("/api/v1/cameras/{camera_id}", { params: { path: { camera_id: id } }, signal });
  const camera = asCamera(await got(asked));
  return { camera, etag: (await asked).response.headers.get("ETag") ?? "*" };
}
