/** Saves what an object URL holds as a file. */
export function saveAs(href: string, name: string): void {
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => {
    URL.revokeObjectURL(href);
  }, 10_000);
}
