/** Files that need the token, handed to the browser as a download. */

import { objectUrl } from "@/hub/client";

/** Fetch a file of the API and keep it under a name. */
export async function download(path: string, name: string): Promise<void> {
  const url = await objectUrl(path);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this turn; a minute is enough for any table.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
