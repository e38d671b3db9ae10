/** Whom anybody here may call: numbers of the community, kept on the phone for when there is no line to the hub. */

import { computed } from "vue";

import { api, got } from "@/hub/client";
import { may } from "@/hub/me";

import { useKept } from "./kept";

export function useNumbers() {
  const { data } = useKept("phones", async () =>
    may("reports.send") ? (await got(api.GET("/api/v1/phones"))).phones : [],
  );
  return computed(() => data.value ?? []);
}
