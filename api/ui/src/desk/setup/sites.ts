/** The sites and areas there are, for choosing one, and short names made into ids. */

import { computed } from "vue";

import { api, everyPage, got, type Of } from "@/hub/client";
import { useLoaded } from "@/hub/loaded";
import { inLanguage } from "@/words";

export interface Choice {
  id: string;
  label: string;
}

/** All sites and areas that I reach; `siteName` and `areaName` say what one is called. */
export function usePlaces() {
  const sites = useLoaded((signal) =>
    everyPage<Of<"SiteView">>((cursor) =>
      got(
        api.GET("/api/v1/sites", {
          params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    ),
  );
  const areas = useLoaded((signal) =>
    everyPage<Of<"AreaView">>((cursor) =>
      got(
        api.GET("/api/v1/areas", {
          params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    ),
  );
  const choices = (list: readonly { id: string; name: Of<"Text"> }[] | undefined): Choice[] =>
    (list ?? []).map(({ id, name }) => ({ id, label: inLanguage(name) || id }));
  const siteChoices = computed(() => choices(sites.data.value));
  const areaChoices = computed(() => choices(areas.data.value));
  const named = (list: Choice[], id: string | null | undefined) =>
    list.find((each) => each.id === id)?.label ?? id ?? "";
  return {
    sites: sites.data,
    areas: areas.data,
    siteChoices,
    areaChoices,
    siteName: (id: string | null | undefined) => named(siteChoices.value, id),
    areaName: (id: string | null | undefined) => named(areaChoices.value, id),
    reload: async () => {
      await Promise.all([sites.reload(), areas.reload()]);
    },
  };
}
