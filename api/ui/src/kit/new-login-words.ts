import { words } from "@/words";

/** Words of a new account's name and password. */
export const say = words(
  "new-login",
  {
    username: "用户名",
    password: "密码（至少 10 个字符）",
    again: "再输一次密码",
    differ: "两次输入的密码不一样。",
  },
  {
    username: "User name",
    password: "Password (10 characters or more)",
    again: "Password again",
    differ: "The two passwords differ.",
  },
);
