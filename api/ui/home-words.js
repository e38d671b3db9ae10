// The words of the page of one's home, in both languages.

import { language } from "./words.js";

const WORDS = {
  zh: {
    "title": "我的家",
    "people": "住在这里的账号：{names}",
    "newcomer": "设置里写着 {name} 也住在您家。", "newcomer.by": "{by} 登记 {name} 也住在您家。",
    "newcomer.hint": "您确认之前，他什么也看不到；确认之后，他和您一样作主，能看从现在起的录像。",
    "newcomer.yes": "是，住这里", "newcomer.no": "不是", "you": "{name}（您）",
    "none": "这里没有摄像头。", "no-home": "您的账号还没有登记住处。请联系村里的管理员。",
    "site": "{name}", "not-household": "此处不是住户，摄像头按社区设置运行。",
    "no-picture": "现在没有画面", "own-only": "画面只有您家能看", "watched-now": "值守室现在能看",
    "undecided": "还没有人决定。在此之前：只查看安全，值守室不能看。",
    "decided": "{who} 于 {at} 决定",
    "analyse": "程序可以看什么？",
    "analyse.nothing": "什么都不看", "analyse.nothing.more": "不分析画面，只按下面的天数录像。",
    "analyse.safety": "只看安全", "analyse.safety.more": "火、烟、有人摔倒、小孩靠近水边、坍塌，以及摄像头本身是否正常。不记录谁来谁走。",
    "analyse.all": "全部", "analyse.all.more": "还包括翻墙、徘徊、遗留物、车辆等，按摄像头的设置。",
    "watch": "值守室可以看吗？",
    "watch.never": "从不", "watch.never.more": "紧急时值守员仍可写明理由查看 15 分钟，您会立刻收到通知。",
    "watch.incident": "出事时", "watch.incident.more": "您家有未了的警情时，从警情前一分钟开始。",
    "watch.always": "随时", "watch.always.more": "值守室可以像看路口一样看。每次都有记录。",
    "keep": "录像最多保留", "keep.null": "按社区规定", "keep.days": "{n} 天", "keep.0": "不录像", "keep.now": "现在保留 {n} 天", "keep.none": "现在不录像",
    "save": "保存决定", "saved": "已生效。", "late": "家人刚刚改过，已显示最新的决定，请再看一遍。",
    "shares": "共享给谁", "shares.none": "没有共享。", "share.end": "停止共享", "share.until": "到 {until}", "share.live": "只看实时", "share.recordings": "含今后的录像",
    "share.name": "对方的用户名", "share.days": "共享多久", "share.day": "1 天", "share.week": "1 周", "share.month": "1 个月", "share.year": "1 年",
    "share.also": "也可以看今后的录像", "share.do": "共享", "share.hint": "如果有这个账号，从现在起可以看。为保护隐私，这里不会告诉您账号是否存在。",
    "glass.open": "{who} 正在未经您同意查看“{camera}”，最晚到 {until}。", "glass.was": "{who} 于 {from} 至 {to} 未经您同意查看过“{camera}”。", "glass.why": "理由：{why}",
    "shared": "别人共享给我的", "shared.by": "{by} 共享，到 {until}", "shared.for-ever": "{by} 共享",
    "watched": "谁看过", "watched.hint": "值守室同事、家人和您自己的每次查看都在这里。", "watched.none": "还没有人看过。", "watched.more": "更早的",
    "what.view": "看了实时画面", "what.playback": "回放了录像", "what.still": "看了一张画面", "what.export": "下载了录像或图片", "what.break_glass": "未经同意查看（已通知您）",
    "own": "您自己", "household": "家人", "times": "{n} 次",
    "role.administrator": "管理员", "role.supervisor": "值班长", "role.operator": "值守员", "role.responder": "处置人员", "role.resident": "住户", "role.integrator": "集成商",
    "mine": "我的资料", "mine.hint": "下载这里保存的与您有关的一切；在所有设备上退出登录。", "download": "下载我的资料", "leave": "在所有设备上退出",
    "erase": "注销并删除我的资料", "erase.hint": "分两步：先看会删除什么、保留什么，再确认。", "erase.password": "您的密码", "erase.ask": "看看会怎样", "erase.do": "确认注销", "erase.done": "已注销。再见。",
    "goes": "会删除", "stays": "会保留，及原因", "why": "{why}",
    "fault.password": "密码不对。",
    "state.live": "在线", "state.offline": "离线", "state.connecting": "连接中", "state.disabled": "已停用",
  },
  en: {
    "title": "My home",
    "people": "Accounts of who lives here: {names}",
    "newcomer": "The settings say that {name} lives at your home too.", "newcomer.by": "{by} entered {name} as living at your home too.",
    "newcomer.hint": "Before you confirm it that account sees nothing; after it, it decides as you do and sees what is recorded from now on.",
    "newcomer.yes": "Yes, lives here", "newcomer.no": "No", "you": "{name} (you)",
    "none": "There is no camera here.", "no-home": "Your account has no home yet. Ask the administrator of the village.",
    "site": "{name}", "not-household": "This is no household; its cameras follow the community's settings.",
    "no-picture": "No picture now", "own-only": "Only your home sees it", "watched-now": "The room may watch now",
    "undecided": "Nobody has decided yet. Until then: safety only, and the room may not watch.",
    "decided": "{who} decided on {at}",
    "analyse": "What may programs look for?",
    "analyse.nothing": "Nothing", "analyse.nothing.more": "No picture is analysed; it only records, for the days below.",
    "analyse.safety": "Safety only", "analyse.safety.more": "Fire, smoke, somebody who fell, a child near water, a collapse, and whether the camera works. Not who comes and goes.",
    "analyse.all": "Everything", "analyse.all.more": "Also climbing, loitering, things left behind, vehicles, as the camera is set up.",
    "watch": "May the room watch?",
    "watch.never": "Never", "watch.never.more": "In an emergency somebody may look for 15 minutes with a reason; you are told at once.",
    "watch.incident": "When something happens", "watch.incident.more": "While an incident of your home is open, from a minute before it.",
    "watch.always": "Always", "watch.always.more": "The room may watch it like a crossing. Each time is on record.",
    "keep": "Keep recordings at most", "keep.null": "as the community does", "keep.days": "{n} days", "keep.0": "do not record", "keep.now": "kept {n} days now", "keep.none": "not recorded now",
    "save": "Save", "saved": "It counts now.", "late": "Somebody of your home changed it just now; look at the newest choice again.",
    "shares": "Shared with", "shares.none": "With nobody.", "share.end": "Stop", "share.until": "until {until}", "share.live": "live only", "share.recordings": "with recordings from then on",
    "share.name": "Their user name", "share.days": "For how long", "share.day": "a day", "share.week": "a week", "share.month": "a month", "share.year": "a year",
    "share.also": "Also what is recorded from now on", "share.do": "Share", "share.hint": "It counts from now on if there is such an account. To protect people, you are not told whether there is.",
    "glass.open": "{who} is looking at “{camera}” against your choice, until {until} at the latest.", "glass.was": "{who} looked at “{camera}” against your choice from {from} to {to}.", "glass.why": "The reason: {why}",
    "shared": "Shared with me", "shared.by": "by {by}, until {until}", "shared.for-ever": "by {by}",
    "watched": "Who watched", "watched.hint": "Every look of the room, of your family and of yourself is here.", "watched.none": "Nobody watched yet.", "watched.more": "Earlier",
    "what.view": "watched live", "what.playback": "played back", "what.still": "saw a picture", "what.export": "downloaded recordings or pictures", "what.break_glass": "looked against your choice (you were told)",
    "own": "you", "household": "lives here", "times": "{n} times",
    "role.administrator": "administrator", "role.supervisor": "supervisor", "role.operator": "operator", "role.responder": "responder", "role.resident": "resident", "role.integrator": "integrator",
    "mine": "My data", "mine.hint": "Download everything that is stored about you; sign out on all devices.", "download": "Download my data", "leave": "Sign out everywhere",
    "erase": "Close my account and erase my data", "erase.hint": "In two steps: first see what goes and what stays, then confirm.", "erase.password": "Your password", "erase.ask": "Show what would happen", "erase.do": "Erase for good", "erase.done": "Erased. Good-bye.",
    "goes": "This goes", "stays": "This stays, and why", "why": "{why}",
    "fault.password": "The password is not right.",
    "state.live": "live", "state.offline": "offline", "state.connecting": "connecting", "state.disabled": "switched off",
  },
};

export function say(key, values = {}) {
  const text = WORDS[language()][key] ?? WORDS.zh[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}

export function when(time) {
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  return new Date(time).toLocaleString(locale, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
}
