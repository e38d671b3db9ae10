/**
 * Two pages are built, one after the other: `vite build --mode desk` and `--mode phone`. Built together they would share
 * many small files, and each costs a phone on a thin line a turn.
 */

import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

import vue from "@vitejs/plugin-vue";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import Components from "unplugin-vue-components/vite";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { early, installable } from "./pwa/plugin";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const WORTH_BYTES = 1024;

/** Lays a `.br` and a `.gz` beside every text file, so that the hub spends nothing on compressing. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post", // after what is loaded later has got its place in the files
      handler(_options, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          const body = file.type === "chunk" ? file.code : file.source;
          if (!/\.(js|css|svg|json|webmanifest)$/.test(name) || body.length < WORTH_BYTES) continue;
          const text = Buffer.from(body);
          const brotli = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } });
          this.emitFile({ type: "asset", fileName: `${name}.br`, source: brotli });
          this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(text, { level: 9 }) });
        }
      },
    },
  };
}

/** What every page of it needs, which comes as one file; of the phone also its first page, without the words of others. */
const BASE: Record<string, RegExp> = {
  desk: /\/node_modules\/(@vue|vue|vue-router|openapi-fetch)\/|\/src\/(hub|words)\/|\/src\/kit\/(words|faults|SignIn|LinkBanner|NotHere)|\/(room|rooms|words)\.ts$/,
  phone:
    /\/node_modules\/(@vue|vue|vue-router|openapi-fetch)\/|\/src\/(hub|words)\/|\/src\/kit\/(words|faults|SignIn|LinkBanner|NotHere|LevelTag|StillPicture)|\/(room|rooms)\.ts$|\/phone\/(words|kept)\.ts$|\/phone\/home\/(Home|Happened|ClipLink|words|span)/,
};

const INPUTS: Record<string, Record<string, string>> = {
  desk: { desk: at("desk.html") },
  phone: { phone: at("phone.html"), early: at("src/phone/early.ts"), sw: at("src/phone/sw.ts") },
};

function inputs(mode: string, command: string): Record<string, string> {
  const found = INPUTS[mode];
  if (found === undefined && command === "build")
    throw new Error("say which page: --mode desk or --mode phone");
  return found ?? {};
}

export default defineConfig(({ mode, command }) => ({
  base: "/ui/",
  resolve: { alias: { "@": at("./src") } },
  plugins: [
    vue({ features: { optionsAPI: mode !== "phone" } }), // ours has none; it is a twentieth of the page
    Components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: "css" })] }),
    ...(mode === "phone" ? [installable("/ui/"), early("/ui/")] : []),
    compressed(),
  ],
  build: {
    target: "es2022",
    emptyOutDir: mode === "desk", // the first of the two
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the pages' policy allows no script of a data: address
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    rolldownOptions: {
      input: inputs(mode, command),
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        // What every page needs comes as one file; the rest when it is opened.
        codeSplitting: { groups: [{ name: "base", test: BASE[mode] ?? /$^/ }] },
      },
    },
  },
  // For work on the pages beside a hub that runs: HUB=http://127.0.0.1:8080 npx vite
  server: {
    proxy: { "/api": { target: process.env.HUB ?? "http://127.0.0.1:8080", changeOrigin: true, ws: true } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
}));
