/** Two pages are built: the desk for the room and for set-up, and the light one for phones. */

import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

import vue from "@vitejs/plugin-vue";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import Components from "unplugin-vue-components/vite";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { installable } from "./pwa/plugin";

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

export default defineConfig({
  base: "/ui/",
  resolve: { alias: { "@": at("./src") } },
  plugins: [
    vue(),
    Components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: "css" })] }),
    installable("/ui/"),
    compressed(),
  ],
  define: {
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the pages' policy allows no script of a data: address
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { desk: at("desk.html"), phone: at("phone.html"), sw: at("src/phone/sw.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  // For work on the pages beside a hub that runs: HUB=http://127.0.0.1:8080 npx vite
  server: {
    proxy: { "/api": { target: process.env.HUB ?? "http://127.0.0.1:8080", changeOrigin: true, ws: true } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
