import type { KeyPair } from './dpop.js';
import { misuse } from './error.js';

const DATABASE = 'waxseal';
const STORE = 'keys';

/** The pair that IndexedDB keeps under a name, made where there is none. Of two that are made at a time, one stays. */
export async function kept(name: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
  if (typeof name !== 'string' || !name) throw misuse('`options.persist` must be a name');
  if (!globalThis.indexedDB) throw misuse('`options.persist` needs IndexedDB, which is not there');
  const database = await opened();
  try {
    const find = () => transact<KeyPair | undefined>(database, 'readonly', (store) => store.get(name));
    const found = await find();
    if (found) return found;
    // Not within a transaction: it would end while the key is made.
    const { privateKey, publicKey } = await make();
    try {
      await transact(database, 'readwrite', (store) => store.add({ privateKey, publicKey }, name));
    } catch (error) {
      const first = (error as DOMException | null)?.name === 'ConstraintError' && (await find());
      if (first) return first;
      throw error;
    }
    return { privateKey, publicKey };
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => {
      // Never in the way of a page that deletes the database.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new DOMException(`IndexedDB \`${DATABASE}\` is blocked by another page`, 'TimeoutError'));
  });
}

/** Ends with the transaction, not with the request: only then is the key there for good. */
function transact<T>(database: IDBDatabase, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}
