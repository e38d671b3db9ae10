import { words } from "@/words";

/** Words of the first start. */
export const say = words(
  "first-start",
  {
    title: "首次设置",
    intro: "为这台主机建立第一个管理员账号。此链接只能用一次。",
    do: "建立账号",
    gone: "此设置链接无效或已用过。请用主机启动时显示的新链接。",
    done: "账号已建立，您已登录。接下来可以添加摄像机。",
    "add-cameras": "添加摄像机",
    "to-desk": "进入值班台",
    "have-account": "已有账号？去登录",
  },
  {
    title: "First start",
    intro: "Make the first administrator of this hub. This link works once.",
    do: "Make the account",
    gone: "This link is wrong or was used. Take the newest that the hub printed when it started.",
    done: "The account is made and you are signed in. Next you can add cameras.",
    "add-cameras": "Add cameras",
    "to-desk": "Go to the desk",
    "have-account": "You have an account? Sign in",
  },
);
