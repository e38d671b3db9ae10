/** The pictures of areas from above: fetched once each, for they need the token. */

import { onScopeDispose, type Ref, shallowRef, watch } from "vue";

import { objectUrl, type Of } from "@/hub/client";
import { inLanguage } from "@/words";

import type { PlanPicture } from "./MapPicture.vue";

export function usePlans(areas: Ref<Of<"AreaView">[]>) {
  const plans = shallowRef<PlanPicture[]>([]);
  const kept = new Map<string, string>();

  async function urlOf(area: string, picture: string): Promise<string | null> {
    const known = kept.get(picture);
    if (known) return known;
    try {
      const url = await objectUrl(`/api/v1/areas/${encodeURIComponent(area)}/plan`);
      kept.set(picture, url);
      return url;
    } catch {
      return null; // the hub has lost the file, or is away: the map goes without it
    }
  }

  async function load(found: Of<"AreaView">[]): Promise<void> {
    const shown = await Promise.all(
      found.map(async ({ id, name, plan }): Promise<PlanPicture | null> => {
        const url = plan ? await urlOf(id, plan.picture) : null;
        if (!url || !plan) return null;
        const { south_west, north_east } = plan;
        return { area: id, name: inLanguage(name) || id, url, bounds: { south_west, north_east } };
      }),
    );
    plans.value = shown.filter((each) => each !== null);
  }
  watch(areas, (found) => void load(found), { immediate: true });
  onScopeDispose(() => {
    for (const url of kept.values()) URL.revokeObjectURL(url);
  });
  return plans;
}
