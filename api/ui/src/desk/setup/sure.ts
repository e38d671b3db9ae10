/** Asking before something that cannot be undone. */

import { ElMessageBox } from "element-plus";
import "element-plus/es/components/message-box/style/css";

import { say } from "./words";

/** Whether the person means it. */
export async function sure(text: string, title: string, act: string): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, title, {
      confirmButtonText: act,
      cancelButtonText: say("cancel"),
      type: "warning",
    });
    return true;
  } catch {
    return false;
  }
}
