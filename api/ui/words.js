// Every word that the pages show, in both languages. A key that one language lacks falls back to the other.

const WORDS = {
  zh: {
    "title": "值班台",
    "link.live": "实时连接正常",
    "link.connecting": "正在连接…",
    "link.lost": "连接中断，正在重连",
    "stale": "连接已中断 {age}：下面的内容可能不是最新的。",
    "sound.on": "声音：开",
    "sound.off": "声音：关",
    "language": "语言",
    "sign-in": "登录",
    "sign-out": "退出",
    "username": "用户名",
    "password": "密码",
    "fault.password": "用户名或密码不对，或账号已停用、暂时锁定。",
    "fault.network": "连不上主机，请稍后再试。",
    "fault.other": "没有成功：{detail}",
    "fault.first": "{who} 已先处理：{move}。现在显示的是最新状态。",
    "fault.changed": "这条警情刚刚有了变化。请看最新状态，再决定是否处置。",
    "view.open": "未办结",
    "view.done": "已办结",
    "empty.open": "没有未办结的警情。",
    "empty.done": "还没有已办结的警情。",
    "more": "更多",
    "unseen": "未确认",
    "health.ok": "摄像头 {online}/{total} 在线",
    "health.bad": "摄像头离线 {offline} 路：{names}",
    "level.red": "红", "level.orange": "橙", "level.yellow": "黄", "level.blue": "蓝", "level.green": "绿",
    "level.name": "{level}色",
    "handling.new": "未确认", "handling.seen": "已确认", "handling.dispatched": "已派单",
    "handling.on_scene": "已到场", "handling.resolved": "已处置", "handling.closed": "已办结",
    "active.true": "仍在发生", "active.false": "现场已恢复", "muted": "由更高告警代表",
    "display.shelved": "已搁置", "display.maintenance": "设备维护中", "display.out_of_service": "设备停用",
    "hidden": "{how}（{by}：{why}），恢复后显示", "hidden.until": "{how}至 {until}（{by}：{why}）",
    "verdict.none": "未定", "verdict.true": "属实", "verdict.false": "误报", "verdict.test": "测试",
    "verdict.nuisance": "干扰", "verdict.duplicate": "重复",
    "do.acknowledge": "确认", "do.resolve": "处置", "do.reopen": "重新打开", "do.details": "详情", "do.cancel": "取消",
    "do.comment": "添加",
    "done.acknowledge": "已确认 #{number}", "done.resolve": "已处置 #{number}", "done.reopen": "已重新打开 #{number}",
    "move.raised": "发现", "move.opened": "开始", "move.recurred": "再次发生", "move.returned": "恢复正常",
    "move.acknowledged": "已确认", "move.commented": "备注", "move.resolved": "已处置", "move.reopened": "重新打开",
    "move.joined": "并入", "move.rose": "级别升高", "move.fell": "级别降低", "move.reactivated": "又发生",
    "move.shelved": "搁置", "move.unshelved": "恢复显示", "move.maintained": "设备开始维护",
    "move.taken_out": "设备停用", "move.restored": "设备恢复使用",
    "move.muted": "由更高告警代表", "move.shown": "重新显示",
    "move.realarmed": "需重新确认", "move.closed": "办结", "move.picture": "画面已保存",
    "resolve.title": "处置 #{number}",
    "verdict": "结论",
    "cause": "原因",
    "cause.cooking": "做饭", "cause.steam_or_dust": "水汽或灰尘", "cause.smoking_or_incense": "吸烟、烧香",
    "cause.light_or_reflection": "灯光、反光", "cause.weather": "天气", "cause.animal": "动物", "cause.works": "施工作业",
    "cause.authorised_person": "获准人员", "cause.low_battery": "电量低", "cause.device_fault": "设备故障",
    "cause.wrong_setting": "设置不当", "cause.other": "其他",
    "note": "说明（红色警情必填）",
    "comment": "写一条备注…",
    "picture": "{camera} 的画面",
    "no-picture": "没有画面",
    "close": "关闭",
    "alerts": "{n} 条警报",
    "todo": "怎么办",
    "why": "为什么",
    "history": "经过",
    "engine": "系统",
    "age.s": "{n} 秒", "age.min": "{n} 分钟", "age.h": "{n} 小时 {m} 分", "age.d": "{n} 天 {m} 小时",
    "ago": "{age}前",
    "keys": "快捷键：J / K 上下移动 · A 确认 · R 处置 · Enter 详情",
    "new": "新警情：{level}，{text}",
    "setup.title": "首次设置",
    "setup.intro": "为这台主机建立第一个管理员账号。此链接只能用一次。",
    "setup.again": "再输一次密码",
    "setup.do": "建立账号",
    "setup.done": "账号已建立。",
    "setup.go": "去登录",
    "setup.gone": "此设置链接无效或已用过。请用主机启动时显示的新链接。",
    "setup.differ": "两次输入的密码不一样。",
  },
  en: {
    "title": "Watch desk",
    "link.live": "live",
    "link.connecting": "connecting…",
    "link.lost": "connection lost, trying again",
    "stale": "No connection for {age}: what you see may be out of date.",
    "sound.on": "Sound: on",
    "sound.off": "Sound: off",
    "language": "Language",
    "sign-in": "Sign in",
    "sign-out": "Sign out",
    "username": "User name",
    "password": "Password",
    "fault.password": "Wrong user name or password, or the account is disabled or locked for a while.",
    "fault.network": "The hub does not answer; try again in a moment.",
    "fault.other": "That did not work: {detail}",
    "fault.first": "{who} was first: {move}. This is how it stands now.",
    "fault.changed": "This incident has just changed. Look at it as it stands now before you decide.",
    "view.open": "Open",
    "view.done": "Finished",
    "empty.open": "No open incidents.",
    "empty.done": "No finished incidents yet.",
    "more": "More",
    "unseen": "not acknowledged",
    "health.ok": "{online}/{total} cameras online",
    "health.bad": "{offline} cameras offline: {names}",
    "level.red": "red", "level.orange": "orange", "level.yellow": "yellow", "level.blue": "blue", "level.green": "green",
    "level.name": "{level}",
    "handling.new": "not acknowledged", "handling.seen": "acknowledged", "handling.dispatched": "dispatched",
    "handling.on_scene": "on scene", "handling.resolved": "resolved", "handling.closed": "closed",
    "active.true": "still going on", "active.false": "back to normal", "muted": "spoken for by a graver alert",
    "display.shelved": "put aside", "display.maintenance": "device in maintenance",
    "display.out_of_service": "device out of service",
    "hidden": "{how} until it returns ({by}: {why})", "hidden.until": "{how} until {until} ({by}: {why})",
    "verdict.none": "undecided", "verdict.true": "real", "verdict.false": "false alarm", "verdict.test": "test",
    "verdict.nuisance": "nuisance", "verdict.duplicate": "duplicate",
    "do.acknowledge": "Acknowledge", "do.resolve": "Resolve", "do.reopen": "Reopen", "do.details": "Details",
    "do.cancel": "Cancel", "do.comment": "Add",
    "done.acknowledge": "#{number} acknowledged", "done.resolve": "#{number} resolved",
    "done.reopen": "#{number} reopened",
    "move.raised": "raised", "move.opened": "opened", "move.recurred": "happened again",
    "move.returned": "back to normal", "move.acknowledged": "acknowledged", "move.commented": "note",
    "move.resolved": "resolved", "move.reopened": "reopened", "move.joined": "joined",
    "move.shelved": "put aside", "move.unshelved": "shown again", "move.maintained": "device put into maintenance",
    "move.taken_out": "device taken out of service", "move.restored": "device back in service",
    "move.muted": "spoken for by a graver alert", "move.shown": "shown again",
    "move.rose": "level rose", "move.fell": "level fell", "move.reactivated": "active again",
    "move.realarmed": "to be acknowledged again", "move.closed": "closed", "move.picture": "picture kept",
    "resolve.title": "Resolve #{number}",
    "verdict": "Verdict",
    "cause": "Cause",
    "cause.cooking": "cooking", "cause.steam_or_dust": "steam or dust", "cause.smoking_or_incense": "smoking, incense",
    "cause.light_or_reflection": "light, reflection", "cause.weather": "weather", "cause.animal": "animal",
    "cause.works": "works", "cause.authorised_person": "authorised person", "cause.low_battery": "low battery",
    "cause.device_fault": "device fault", "cause.wrong_setting": "wrong setting", "cause.other": "other",
    "note": "Note (required for red)",
    "comment": "Write a note…",
    "picture": "Picture from {camera}",
    "no-picture": "no picture",
    "close": "Close",
    "alerts": "{n} alerts",
    "todo": "What to do",
    "why": "Why",
    "history": "History",
    "engine": "hub",
    "age.s": "{n} s", "age.min": "{n} min", "age.h": "{n} h {m} min", "age.d": "{n} d {m} h",
    "ago": "{age} ago",
    "keys": "Keys: J / K move · A acknowledge · R resolve · Enter details",
    "new": "New incident: {level}, {text}",
    "setup.title": "First start",
    "setup.intro": "Make the first administrator of this hub. This link works once.",
    "setup.again": "Password again",
    "setup.do": "Make the account",
    "setup.done": "The account is made.",
    "setup.go": "Sign in",
    "setup.gone": "This link is not good or was used already. Use the new one that the hub shows when it starts.",
    "setup.differ": "The two passwords differ.",
  },
};

let chosen = localStorage.getItem("language") === "en" ? "en" : "zh";

export function language() {
  return chosen;
}

export function choose(code) {
  chosen = code === "en" ? "en" : "zh";
  localStorage.setItem("language", chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
}

export function word(key, values = {}) {
  const other = chosen === "zh" ? "en" : "zh";
  const text = WORDS[chosen][key] ?? WORDS[other][key] ?? key.split(".").pop();
  return text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}

// A text that the hub gives in two languages.
export function said(texts) {
  if (!texts) return "";
  return texts[chosen] || texts.zh || texts.en || "";
}

export function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return word("age.s", { n: s });
  if (s < 3600) return word("age.min", { n: Math.floor(s / 60) });
  if (s < 86400) return word("age.h", { n: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
  return word("age.d", { n: Math.floor(s / 86400), m: Math.floor((s % 86400) / 3600) });
}

choose(chosen);
