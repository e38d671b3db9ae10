/** Sight: which part of the picture the canvas shows, in pixels of the picture, and how the pointer moves it. */

import { computed, ref, type Ref, watch } from "vue";

import type { Spot } from "./geometry";

const STEP = 1.4;
const MOST = 12;

export function useSight(size: Ref<Spot>, svg: Ref<SVGSVGElement | null>) {
  const view = ref({ x: 0, y: 0, w: size.value[0], h: size.value[1] });
  const shown = ref(800);

  function all(): void {
    view.value = { x: 0, y: 0, w: size.value[0], h: size.value[1] };
  }

  function measure(): void {
    shown.value = svg.value?.clientWidth || shown.value;
  }

  /** Nearer (above 1) or further, around a place of the picture in shares; its middle when left out. */
  function zoom(by: number, around?: Spot): void {
    const [wide, high] = size.value;
    const was = view.value;
    const w = Math.min(wide, Math.max(wide / MOST, was.w / by));
    const h = (w / wide) * high;
    const [x, y] = around ? [around[0] * wide, around[1] * high] : [was.x + was.w / 2, was.y + was.h / 2];
    move(x - ((x - was.x) * w) / was.w, y - ((y - was.y) * h) / was.h, w, h);
  }

  function move(x: number, y: number, w = view.value.w, h = view.value.h): void {
    view.value = {
      x: Math.min(Math.max(x, 0), size.value[0] - w),
      y: Math.min(Math.max(y, 0), size.value[1] - h),
      w,
      h,
    };
  }

  /** Where the pointer is, in shares of the picture. */
  function at(event: PointerEvent | WheelEvent | MouseEvent): Spot {
    const matrix = svg.value?.getScreenCTM()?.inverse();
    if (matrix === undefined) return [0, 0];
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [place.x / size.value[0], place.y / size.value[1]];
  }

  watch(size, all);
  /** Pixels of the picture for one of the screen. */
  const unit = computed(() => view.value.w / Math.max(shown.value, 1));
  return {
    view,
    all,
    at,
    measure,
    zoom,
    nearer: () => {
      zoom(STEP);
    },
    further: () => {
      zoom(1 / STEP);
    },
    /** Moved by so many pixels of the screen. */
    pan: (across: number, down: number) => {
      move(view.value.x - across * unit.value, view.value.y - down * unit.value);
    },
    box: computed(() => `${view.value.x} ${view.value.y} ${view.value.w} ${view.value.h}`),
    unit,
  };
}
