import { words } from "@/words";

/** Words of an invitation. */
export const say = words(
  "invite",
  {
    title: "邀请",
    "intro-resident": "您受邀作为住户使用本社区系统。请选一个用户名和密码，此链接只能用一次。",
    "intro-responder": "您受邀作为网格员或巡逻员使用本社区系统。请选一个用户名和密码，此链接只能用一次。",
    home: "住处",
    until: "链接有效到 {at}",
    do: "建立账号",
    outside: "不设密码，用 {name} 登录",
    gone: "此邀请链接无效、已用过或已过期。请向邀请您的人再要一个。",
    taken: "这个用户名已有人用，请换一个。",
    done: "账号已建立，您已登录。",
    open: "打开我的社区",
  },
  {
    title: "Invitation",
    "intro-resident":
      "You are invited to this community's hub as a resident. Choose a user name and a password; this link works once.",
    "intro-responder":
      "You are invited to this community's hub as a warden or patrol. Choose a user name and a password; this link works once.",
    home: "Home",
    until: "The link is good until {at}",
    do: "Make my account",
    outside: "No password: sign in with {name}",
    gone: "This invitation is wrong, was used or has run out. Ask whoever invited you for another.",
    taken: "Somebody has this user name; choose another.",
    done: "Your account is there and you are signed in.",
    open: "Open my community",
  },
);
