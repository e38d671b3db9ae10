import { words } from "@/words";

/** Words of the desk's frame. */
export const say = words(
  "desk",
  {
    title: "社区视频与传感中心",
    menu: "功能",
    account: "我的账号",
    phone: "手机页面",
    "not-for-you": "值班台供监控室和集成商使用。",
    skip: "跳到正文",
  },
  {
    title: "Community hub",
    menu: "Rooms",
    account: "My account",
    phone: "Phone page",
    "not-for-you": "The desk is for the monitoring room and for integrators.",
    skip: "Skip to content",
  },
);
