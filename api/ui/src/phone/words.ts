import { words } from "@/words";

/** Words of the phone's frame: those of a room are loaded with it, but for its name in the bar. */
export const say = words(
  "phone",
  {
    title: "我的社区",
    bar: "页面",
    larger: "大字",
    desk: "值班台",
    "room-home": "我的家",
    "room-privacy": "隐私",
    "room-reports": "上报",
    "room-sos": "求助",
    "room-orders": "任务",
    "room-account": "我的账号",
  },
  {
    title: "My community",
    bar: "Pages",
    larger: "Larger",
    desk: "Desk",
    "room-home": "My home",
    "room-privacy": "Privacy",
    "room-reports": "Report",
    "room-sos": "Help",
    "room-orders": "Orders",
    "room-account": "My account",
  },
);
