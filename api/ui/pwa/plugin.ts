/** Makes the phone page one that can be installed: its icons, and its service worker with the list of what it keeps. */

import type { Plugin, Rollup } from "vite";

import { icon } from "./icon";

const LIST = /(["'`])__SHELL__\1/;
const ICONS_PX = [192, 512];
/** Players are loaded when a video is opened; who opens none does not pay for them. */
const NOT_KEPT = /hls/;

type Bundle = Rollup.OutputBundle;

/** Every script and style that an entry of the phone page may ask for, with what it loads later. */
function shellOf(bundle: Bundle, entry: string): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    const chunk = bundle[name];
    if (found.has(name) || chunk?.type !== "chunk" || NOT_KEPT.test(name)) return;
    found.add(name);
    const styles = (chunk as { viteMetadata?: { importedCss?: Set<string> } }).viteMetadata?.importedCss;
    for (const style of styles ?? []) found.add(style);
    [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
  };
  for (const [name, chunk] of Object.entries(bundle)) {
    if (chunk.type === "chunk" && chunk.isEntry && chunk.name === entry) visit(name);
  }
  return [...found].sort();
}

/** Puts the early program before all others, loaded beside them: what it asks is on its way while they are. */
export function early(base: string): Plugin {
  return {
    name: "early",
    apply: "build",
    enforce: "post",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const found = Object.values(bundle ?? {}).find(
          (each) => each.type === "chunk" && each.isEntry && each.name === "early",
        );
        if (found === undefined) throw new Error("there is no early program");
        const attrs = { type: "module", async: true, crossorigin: true, src: base + found.fileName };
        return [{ tag: "script", attrs, injectTo: "head-prepend" }];
      },
    },
  };
}

export function installable(base: string): Plugin {
  return {
    name: "installable",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const width of ICONS_PX) {
        this.emitFile({ type: "asset", fileName: `icon-${width}.png`, source: icon(width) });
      }
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("there is no service worker");
      const names = ["phone", "early"].flatMap((entry) => shellOf(bundle as unknown as Bundle, entry));
      const shell = names.map((name) => base + name);
      if (shell.length === 0 || !LIST.test(worker.code))
        throw new Error("there is nothing to keep, or no list");
      worker.code = worker.code.replace(LIST, JSON.stringify(shell));
    },
  };
}
