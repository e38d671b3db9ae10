/** The state of one screen of the wall: its layout, what is enlarged, and what alarms bring forward. */

import { computed, ref, shallowRef, watch } from "vue";

import { api, everyPage, got } from "@/hub/client";
import { useLoaded } from "@/hub/loaded";
import { inLanguage, language } from "@/words";

import { useAlerting } from "./alerting";
import {
  first,
  forward,
  keep,
  kept,
  type Layout,
  neighbour,
  placed,
  resized,
  room,
  type Size,
  sizeFor,
} from "./layout";

/** A camera to choose. */
export interface Choice {
  id: string;
  site: string;
  name: string;
  recorded: boolean;
}

const MINUTE_S = 60;

/**
 * One screen.
 *
 * @param screen - Its id in the address.
 * @param asked - Cameras that the address names: they are shown instead of what was kept.
 */
export function useWall(screen: string, asked: string[]) {
  const loaded = useLoaded(
    () =>
      everyPage((cursor) =>
        got(api.GET("/api/v1/recordings/cameras", { params: { query: { limit: 500, cursor } } })),
      ),
    { everyS: MINUTE_S },
  );
  const cameras = computed<Choice[]>(() =>
    (loaded.data.value ?? [])
      .map(({ id, site, name, streams }) => ({
        id,
        site,
        name: inLanguage(name) || id,
        recorded: streams.length > 0,
      }))
      .sort((one, other) => one.name.localeCompare(other.name, language.value, { numeric: true })),
  );
  const names = computed(() => new Map(cameras.value.map(({ id, name }) => [id, name])));
  const recorded = computed(() => new Set(cameras.value.flatMap((each) => (each.recorded ? [each.id] : []))));
  const layout = shallowRef<Layout | null>(asked.length ? null : kept(screen));
  /** What a tour shows instead. */
  const visiting = shallowRef<string[] | null>(null);
  const selected = ref(0);
  const own = ref<string | null>(null);
  const alerting = useAlerting();

  watch(
    loaded.data,
    (all) => {
      if (layout.value !== null || all === undefined) return;
      const ids = cameras.value.map((each) => each.id);
      const wanted = asked.filter((id) => ids.includes(id));
      layout.value = wanted.length
        ? resized({ size: sizeFor(wanted.length), cameras: wanted }, sizeFor(wanted.length))
        : first(ids, screen);
    },
    { immediate: true },
  );

  const base = computed<Layout>(() => {
    if (visiting.value === null) return layout.value ?? { size: 1, cameras: [null] };
    const size = sizeFor(visiting.value.length);
    return resized({ size, cameras: visiting.value }, size);
  });
  const places = computed(() =>
    alerting.chosen.how === "frame"
      ? base.value.cameras
      : forward(base.value, alerting.cameras.value, own.value),
  );
  const size = computed(() => base.value.size);
  /** What is large: what the operator enlarged himself, before any alarm. */
  const enlarged = computed(
    () => own.value ?? (alerting.chosen.how === "enlarge" ? (alerting.cameras.value[0] ?? null) : null),
  );
  const current = computed(() => places.value[selected.value] ?? null);

  function set(next: Layout): void {
    layout.value = next;
    keep(screen, next);
    selected.value = Math.min(selected.value, next.size - 1);
  }

  return {
    loaded,
    cameras,
    names,
    recorded,
    layout,
    visiting,
    places,
    size,
    selected,
    enlarged,
    current,
    alerting,
    set,
    resize: (wanted: Size) => {
      set(resized(base.value, wanted));
    },
    /** Put a camera in a place; the next empty place is selected then. */
    put(camera: string | null, place: number) {
      set(placed(base.value, camera, place));
    },
    choose(camera: string) {
      const place = places.value[selected.value] === null ? selected.value : room(base.value, selected.value);
      set(placed(base.value, camera, place));
      selected.value = place;
    },
    arrow(key: string, swap: boolean) {
      const to = neighbour(size.value, selected.value, key);
      if (swap) set(placed(base.value, current.value, to));
      selected.value = to;
    },
    enlarge(camera: string | null) {
      own.value = camera;
    },
    shrink() {
      if (own.value !== null) own.value = null;
      else if (enlarged.value !== null) alerting.dismiss(enlarged.value);
    },
  };
}
