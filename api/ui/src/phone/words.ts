import { words } from "@/words";

/** Words of the phone's frame. */
export const say = words(
  "phone",
  { title: "我的社区", bar: "页面", larger: "大字", desk: "值班台" },
  { title: "My community", bar: "Pages", larger: "Larger", desk: "Desk" },
);
