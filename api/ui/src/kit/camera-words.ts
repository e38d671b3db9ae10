import { words } from "@/words";

/** Words of how cameras do: their state, why one is not there, and what to do about it. */
const say = words(
  "cameras",
  {
    "state-live": "正常",
    "state-connecting": "正在连接",
    "state-offline": "离线",
    "state-disabled": "已停用",
    "why-unreachable": "连不上：没有这个主机、没有路，或端口没有开",
    "why-login_refused": "用户名或密码不对",
    "why-not_found": "设备有应答，但没有这个地址的视频",
    "why-refused": "设备拒绝了（连接数已满，或设备内部出错）",
    "why-address_not_allowed": "设置不允许连接这个地址",
    "why-certificate_untrusted": "设备的加密证书不受信任",
    "why-timed_out": "没有应答，或不再送出画面",
    "why-not_video": "收到的不是视频",
    "why-unsupported": "视频编码无法识别",
    "why-ended": "视频到了结尾",
    "why-broke": "连接中断",
    "why-worker_lost": "处理画面的程序重启中",
    "why-disk_full": "硬盘已满",
    "why-disk_gone": "录像硬盘不在",
    "why-disk_slow": "硬盘太慢",
    "why-unknown": "原因不明",
    "do-unreachable": "检查电源、网线和交换机，并核对地址。",
    "do-login_refused": "重新填写用户名和密码。",
    "do-not_found": "核对地址中主机后面的部分，或重新查找这台摄像机。",
    "do-refused": "断开其他观看者或录像机，必要时重启摄像机。",
    "do-address_not_allowed": "在 machine.yaml 的 networks.cameras 中加入这个网段。",
    "do-certificate_untrusted": "换成受信任的证书，或改用不加密的地址。",
    "do-timed_out": "检查电源和网络；能打开摄像机网页时重启它。",
    "do-not_video": "核对地址；在摄像机里启用该码流的视频。",
    "do-unsupported": "在摄像机里把编码改为 H.264 或 H.265。",
    "do-ended": "地址指向一个文件；换成摄像机的地址。",
    "do-broke": "会自动重连；反复出现时检查网线和交换机。",
    "do-worker_lost": "会自动恢复；反复出现时查看日志。",
    "do-unknown": "测试这台摄像机，看看是什么问题。",
  },
  {
    "state-live": "Live",
    "state-connecting": "Connecting",
    "state-offline": "Offline",
    "state-disabled": "Switched off",
    "why-unreachable": "Nobody answers: no such host, no way to it, or the port is closed",
    "why-login_refused": "User or password is wrong",
    "why-not_found": "The device answers and has no such stream",
    "why-refused": "The device refuses (too many viewers, or a fault of its own)",
    "why-address_not_allowed": "The settings do not allow this address",
    "why-certificate_untrusted": "Nobody vouches for the device's certificate",
    "why-timed_out": "It does not answer, or stopped sending",
    "why-not_video": "What comes is no video",
    "why-unsupported": "The video is in a format that cannot be read",
    "why-ended": "The source came to its end",
    "why-broke": "The connection broke",
    "why-worker_lost": "The program that ran it is starting again",
    "why-disk_full": "The disk is full",
    "why-disk_gone": "The disk for recordings is gone",
    "why-disk_slow": "The disk is too slow",
    "why-unknown": "Nobody knows why",
    "do-unreachable": "Check power, cable and switch, and the address.",
    "do-login_refused": "Enter user and password anew.",
    "do-not_found": "Check what stands behind the host in the address, or look for the camera again.",
    "do-refused": "Let other viewers or recorders go; restart the camera if it stays so.",
    "do-address_not_allowed": "Add its network to networks.cameras in machine.yaml.",
    "do-certificate_untrusted": "Give it a certificate that is trusted, or use its address without TLS.",
    "do-timed_out": "Check power and network; restart it if its own page opens.",
    "do-not_video": "Check the address, and switch the video of this stream on in the camera.",
    "do-unsupported": "Set the camera to H.264 or H.265.",
    "do-ended": "The address is a file; put the camera's in its place.",
    "do-broke": "It comes back by itself; if it happens often, check cable and switch.",
    "do-worker_lost": "It comes back by itself; if it happens often, look at the log.",
    "do-unknown": "Try the camera to see what is wrong.",
  },
);

const STATES = ["live", "connecting", "offline", "disabled"] as const;
const REASONS = [
  "unreachable",
  "login_refused",
  "not_found",
  "refused",
  "address_not_allowed",
  "certificate_untrusted",
  "timed_out",
  "not_video",
  "unsupported",
  "ended",
  "broke",
  "worker_lost",
] as const;
const DISK = ["disk_full", "disk_gone", "disk_slow"] as const;

const one = <Word extends string>(
  known: readonly Word[],
  word: string | null | undefined,
): Word | undefined => known.find((each) => each === word);

/** `live`, `offline`, ... as people say it. */
export function stateText(state: string): string {
  const known = one(STATES, state);
  return known ? say(`state-${known}`) : state;
}

/** Why a camera is not live, or not recorded. */
export function whyText(reason: string | null | undefined): string {
  if (!reason) return "";
  const known = one([...REASONS, ...DISK], reason);
  return known ? say(`why-${known}`) : reason;
}

/** What to do about it. */
export function doText(reason: string | null | undefined): string {
  return say(`do-${one(REASONS, reason) ?? "unknown"}`);
}
