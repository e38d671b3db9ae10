/** Where this phone is, asked for only when somebody wants to say it. */

export interface Spot {
  lat: number;
  lon: number;
  accuracy_m: number;
}

const WITHIN_MS = 15_000;
const NOT_OLDER_MS = 30_000;

/** The position, or null: refused, not found in time, or an address without TLS, where browsers tell none. */
export function whereAmI(): Promise<Spot | null> {
  const { geolocation } = navigator as { geolocation?: Geolocation };
  if (geolocation === undefined || !window.isSecureContext) return Promise.resolve(null);
  return new Promise((done) => {
    geolocation.getCurrentPosition(
      ({ coords }) => {
        done({ lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy) });
      },
      () => {
        done(null);
      },
      { enableHighAccuracy: true, timeout: WITHIN_MS, maximumAge: NOT_OLDER_MS },
    );
  });
}

/** An address that the phone's own map opens. */
export function mapLink(lat: number, lon: number, label: string, agent = navigator.userAgent): string {
  const name = encodeURIComponent(label);
  if (/iPhone|iPad|Macintosh/.test(agent)) return `maps://?q=${name}&ll=${lat},${lon}`;
  return `geo:${lat},${lon}?q=${lat},${lon}(${name})`;
}
