/** Keeps the page on the phone, and shows a newer one when nobody is in the middle of something. */

const AFTER_MS = 4_000; // the first picture has the thin line for itself

/** Register the service worker; nothing happens where there is none (an address without TLS). */
export function keepInstalled(): void {
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  if (serviceWorker === undefined || !import.meta.env.PROD) return;
  let replaced = false;
  const hadOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => (replaced = hadOne));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      void serviceWorker.ready.then((registration) => registration.update()).catch(() => undefined);
    } else if (replaced) location.reload(); // unseen: what is open is kept where it matters
  });
  setTimeout(
    () => void serviceWorker.register("/m/sw.js", { scope: "/m/" }).catch(() => undefined),
    AFTER_MS,
  );
}
