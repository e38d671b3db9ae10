/// <reference types="vite/client" />

declare module "vue-router" {
  interface RouteMeta {
    /** Shown without the frame. */
    bare?: boolean;
    /** Shown to who is not signed in. */
    free?: boolean;
    /** Shown to who is signed in, also while the hub lets him do nothing else. */
    own?: boolean;
  }
}

export {};
