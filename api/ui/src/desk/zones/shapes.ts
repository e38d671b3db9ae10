/** What is drawn of a draft, in the order of drawing: zones, ways of driving, lines, measured places. */

import type { Draft, Ref } from "./draft";
import type { Spot } from "./geometry";
import { nameOf, useName } from "./naming";
import { colourOf, GROUND_COLOUR, LINE_COLOUR } from "./uses";
import { say } from "./words";

export interface Shape {
  key: string;
  what: Ref;
  points: Spot[];
  closed: boolean;
  colour: string;
  /** What is read out. */
  name: string;
  /** What stands on it; nothing on an arrow. */
  label: string;
}

export function shapesOf(draft: Draft): Shape[] {
  const zones = draft.zones.flatMap((each) => {
    const what: Ref = { sort: "zone", id: each.id };
    const name = nameOf(draft, what);
    const colour = colourOf(each.use);
    const zone: Shape = {
      key: `zone ${each.id}`,
      what,
      points: each.points,
      closed: true,
      colour,
      name: say("shape", { name, use: useName(each.use) }),
      label: name,
    };
    if (!each.way) return [zone];
    const way: Shape = {
      key: `way ${each.id}`,
      what: { sort: "way", id: each.id },
      points: each.way,
      closed: false,
      colour,
      name: say("shape", { name, use: say("way") }),
      label: "",
    };
    return [zone, way];
  });
  const lines = draft.lines.map((each): Shape => {
    const what: Ref = { sort: "line", id: each.id };
    const name = nameOf(draft, what);
    return {
      key: `line ${each.id}`,
      what,
      points: each.points,
      closed: false,
      colour: LINE_COLOUR,
      name: say("shape", { name, use: say("line") }),
      label: name,
    };
  });
  const ground: Shape[] =
    draft.ground === null
      ? []
      : [
          {
            key: "ground",
            what: { sort: "ground", id: "" },
            points: draft.ground.points.map((each): Spot => [each.x, each.y]),
            closed: false,
            colour: GROUND_COLOUR,
            name: say("ground"),
            label: "",
          },
        ];
  return [...zones, ...lines, ...ground];
}
