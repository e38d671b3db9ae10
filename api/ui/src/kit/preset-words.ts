import { words } from "@/words";

/** Words of the stored positions of a camera that turns. */
export const say = words(
  "presets",
  {
    title: "预置位",
    none: "还没有预置位。",
    go: "转到“{name}”",
    went: "正在转到“{name}”。",
    key: "快捷键 Shift+{n}",
    name: "当前画面存为",
    "name-like": "如：村口",
    store: "保存",
    replace: "更新“{name}”",
    stored: "已保存“{name}”。",
    remove: "删除“{name}”",
    "remove-sure": "确定删除“{name}”？",
    removed: "已删除“{name}”。",
    held: "{name}正在控制这台摄像机，请稍后再试。",
  },
  {
    title: "Positions",
    none: "No position is stored.",
    go: "Go to “{name}”",
    went: "It turns to “{name}”.",
    key: "Key Shift+{n}",
    name: "Store this view as",
    "name-like": "such as: Gate",
    store: "Store",
    replace: "Replace “{name}”",
    stored: "“{name}” is stored.",
    remove: "Remove “{name}”",
    "remove-sure": "Really remove “{name}”?",
    removed: "“{name}” is removed.",
    held: "{name} turns this camera; try again later.",
  },
);
