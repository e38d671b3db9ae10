import { words } from "@/words";

/** Words of live pictures: why there is none. */
export const say = words(
  "video",
  {
    connecting: "正在连接…",
    live: "实时",
    back: "{s} 秒前",
    paused: "没有画面：{why}",
    late: "网络太慢，跳过了一段",
    silent: "画面停住了",
    lost: "连接中断，正在重连",
    unsupported: "此浏览器不能播放这路画面的编码（{codecs}）。",
    "unsupported-hevc":
      "这路画面是 H.265，此浏览器不能播放。请换用支持 H.265 的浏览器，或把摄像头子码流改为 H.264。",
    unseen: "已暂停",
    "refused-signed_out": "请重新登录。",
    "refused-not_allowed": "您不能查看这个摄像头。",
    "refused-gone": "没有这个摄像头，或您不能查看。",
    "why-offline": "摄像头离线",
    "why-disabled": "摄像头已停用",
    "why-worker_lost": "处理程序正在重启",
    "why-clock": "时钟校正",
    "why-jumped": "摄像头时间跳变",
    "why-format": "画面格式改变",
    "why-damaged": "数据丢失，等待下一关键帧",
    "why-off": "正在关闭",
    "why-other": "{because}",
    picture: "{name}的画面",
  },
  {
    connecting: "Connecting…",
    live: "Live",
    back: "{s} s ago",
    paused: "No picture: {why}",
    late: "The line is slow, some was left out",
    silent: "The picture stands still",
    lost: "Connection lost, trying again",
    unsupported: "This browser cannot play this stream ({codecs}).",
    "unsupported-hevc":
      "This picture is H.265, which this browser cannot play. Use one that can, or set the camera's sub stream to H.264.",
    unseen: "Paused",
    "refused-signed_out": "Please sign in again.",
    "refused-not_allowed": "You may not look at this camera.",
    "refused-gone": "There is no such camera, or it is not for you.",
    "why-offline": "camera offline",
    "why-disabled": "camera not in use",
    "why-worker_lost": "the program is starting again",
    "why-clock": "clock was set",
    "why-jumped": "camera's time jumped",
    "why-format": "picture format changed",
    "why-damaged": "data lost, waiting for the next key picture",
    "why-off": "being closed",
    "why-other": "{because}",
    picture: "Picture of {name}",
  },
);

const WHY = ["offline", "disabled", "worker_lost", "clock", "jumped", "format", "damaged", "off"] as const;
const REFUSED = ["signed_out", "not_allowed", "gone"] as const;
const HEVC = /hvc1|hev1/i;

/** How a live picture stands, in words. */
export function told(state: string, detail: string): string {
  switch (state) {
    case "paused": {
      const why = WHY.find((each) => each === detail);
      return say("paused", { why: why ? say(`why-${why}`) : say("why-other", { because: detail }) });
    }
    case "refused":
      return say(`refused-${REFUSED.find((each) => each === detail) ?? "gone"}`);
    case "unsupported":
      return HEVC.test(detail) ? say("unsupported-hevc") : say("unsupported", { codecs: detail });
    case "live":
    case "late":
    case "silent":
    case "lost":
      return say(state);
    case "back":
      return say("back", { s: detail });
    default:
      return say("connecting");
  }
}
