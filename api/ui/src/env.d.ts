/// <reference types="vite/client" />

declare module "vue-router" {
  interface RouteMeta {
    /** Shown without the frame. */
    bare?: boolean;
    /** Shown to who is not signed in. */
    free?: boolean;
  }
}

export {};
