/** All that the hub tells of what may be wrong, as far as it is for who asks. */

import { allCameras } from "@/hub/cameras";
import { api, everyPage, got, type Of } from "@/hub/client";
import { may, me } from "@/hub/me";

import { isOwn, type Told } from "./wrongs";

const MOST = 50;

/** Whether an entry of the feed may change it. */
export const isOfWrongs = (topic: string) => topic === "health" || topic === "incident";

/** What is asked for; without `names` sensors stay out, of which there are many: how much is wrong is known without. */
export async function asked(signal: AbortSignal, { names }: { names: boolean }): Promise<Told> {
  const [health, cameras, sensors, incidents, refusals] = await Promise.all([
    got(api.GET("/api/v1/health", { signal })),
    may("cameras.view") ? allCameras(signal) : [],
    names && may("sensors.view")
      ? everyPage<Of<"SensorView">>((cursor) => {
          const query = { limit: 200, ...(cursor ? { cursor } : {}) };
          return got(api.GET("/api/v1/sensors", { params: { query }, signal }));
        })
      : [],
    may("incidents.view")
      ? got(api.GET("/api/v1/incidents", { params: { query: { state: "open", limit: 200 } }, signal })).then(
          (page) => page.items.filter((each) => isOwn(each.kind)),
        )
      : [],
    // Of a part of the community nobody is told what strangers send.
    may("refusals.view") && (me.value?.reach?.everywhere ?? false)
      ? got(api.GET("/api/v1/refusals", { params: { query: { limit: MOST } }, signal })).then(
          (page) => page.items,
        )
      : [],
  ]);
  return { health, cameras, sensors, incidents, refusals };
}
