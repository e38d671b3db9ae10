import { expect, test } from "vitest";

import { Problem } from "@/hub/client";

import { type Answer, drop, type Line, say, send, standing, type Unsent, unsent } from "./outbox";

/** A hub with one order, on a line that can break before or after what was said arrives. */
class Hub implements Line {
  state = "ordered";
  version = 1;
  said: string[] = [];
  breaks: "before" | "after" | null = null;

  read = async () => {
    if (this.breaks === "before") throw new TypeError("no line");
    const allowed = {
      ordered: ["accept", "decline", "arrive"],
      accepted: ["arrive", "done", "decline"],
      arrived: ["done"],
    };
    return {
      state: this.state,
      version: this.version,
      allowed: (allowed as Record<string, string[]>)[this.state] ?? [],
    };
  };
  photo = async () => undefined;
  say = async (_order: string, answer: Answer, _body: Record<string, unknown>, version: number) => {
    if (version !== this.version) throw new Problem(412, {});
    this.said.push(answer);
    this.version += 1;
    this.state = { accept: "accepted", arrive: "arrived", done: "done", decline: "declined" }[answer];
    if (this.breaks === "after") throw new TypeError("the answer was lost");
  };
}

let numbers = 0;
const one = (answer: Answer): Unsent => ({
  id: String((numbers += 1)),
  account: "zhao",
  order: "o1",
  answer,
  body: {},
  at: numbers,
});
const why = (problem: Problem) => problem.message;

test("what was said without a line is sent once when it is back, in the order in which it was said", async () => {
  const hub = new Hub();
  hub.breaks = "before";
  await say(hub, one("accept"), why);
  await say(hub, one("arrive"), why);
  expect(unsent.value.map((each) => each.answer)).toEqual(["accept", "arrive"]);
  hub.breaks = null;
  await Promise.all([send(hub, why), send(hub, why)]);
  expect([hub.said, unsent.value]).toEqual([["accept", "arrive"], []]);
});

test("an answer that arrived while its receipt was lost is not said again", async () => {
  const hub = new Hub();
  hub.breaks = "after";
  await say(hub, one("accept"), why);
  expect(unsent.value).toHaveLength(1);
  hub.breaks = null;
  await send(hub, why);
  expect([hub.said, unsent.value]).toEqual([["accept"], []]);
});

test("what the order does not take any more is kept with the reason until somebody has read it", async () => {
  const hub = new Hub();
  hub.state = "cancelled";
  await say(hub, one("accept"), why);
  expect(unsent.value[0]?.refused).toBe("cancelled");
  expect(hub.said).toEqual([]);
  await drop(unsent.value[0]?.id ?? "");
  expect(unsent.value).toEqual([]);
});

test("an order says by itself how it stands", () => {
  const order = { state: "accepted", version: 2, allowed: ["arrive", "done", "decline"] };
  expect([
    standing(order, "accept"),
    standing(order, "done"),
    standing({ ...order, allowed: [] }, "done"),
  ]).toEqual(["said", "say", "refused"]);
});
