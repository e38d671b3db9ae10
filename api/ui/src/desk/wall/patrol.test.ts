import { expect, test } from "vitest";

import { dueFirst, missing, type Tour } from "./patrol";

function tour(id: string, seen: number[] | null): Tour {
  const steps = [0, 2].map((step) => ({ step, cameras: ["cam-1"], seconds: 10 }));
  const now = seen && { begins: "2026-11-23T14:00:00Z", ends: "2026-11-23T14:30:00Z", seen };
  return {
    id,
    version: 1,
    name: { zh: id },
    steps,
    now,
    changed: "",
    changed_by: "",
    schedule: { within_min: 30 },
  } as Tour;
}

test("a tour goes on where nobody has looked yet", () => {
  expect(missing(tour("a", [0]))).toBe(1);
  expect(missing(tour("a", [0, 2]))).toBeNull();
  expect(missing(tour("a", null))).toBe(0);
});

test("the tour that is due comes first", () => {
  expect(dueFirst([])).toBeNull();
  expect(dueFirst([tour("a", null), tour("b", [0, 2]), tour("c", [2])])?.id).toBe("c");
  expect(dueFirst([tour("a", null), tour("b", [0, 2])])?.id).toBe("a");
});
