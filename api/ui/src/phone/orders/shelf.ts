/** What the phone keeps until it is sent, photos too: in the browser's own database, or in memory where there is none. */

const NAME = "orders";
const STORE = "unsent";
const memory = new Map<string, { id: string }>();

function open(): Promise<IDBDatabase> | null {
  const { indexedDB } = globalThis as { indexedDB?: IDBFactory };
  if (indexedDB === undefined) return null;
  return new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => {
      done(asked.result);
    };
    asked.onerror = () => {
      failed(asked.error ?? new Error("no database"));
    };
  });
}

async function within<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | null> {
  const database = await open()?.catch(() => null); // private windows of some browsers have none
  if (database == null) return null;
  try {
    return await new Promise((done, failed) => {
      const asked = act(database.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => {
        done(asked.result);
      };
      asked.onerror = () => {
        failed(asked.error ?? new Error("not kept"));
      };
    });
  } finally {
    database.close();
  }
}

export async function remember(one: { id: string }): Promise<void> {
  if ((await within("readwrite", (store) => store.put(one))) === null) memory.set(one.id, one);
}

export async function forget(id: string): Promise<void> {
  memory.delete(id);
  await within("readwrite", (store) => store.delete(id));
}

/** All of it, the oldest first. */
export async function kept<T extends { id: string; at: number }>(): Promise<T[]> {
  const found = ((await within("readonly", (store) => store.getAll())) ?? []) as T[];
  return [...found, ...(memory.values() as Iterable<T>)].sort((one, other) => one.at - other.at);
}
