/** JSON values in the bank's store. */
import { utf8, utf8Decode } from '@sealedger/protocol/bytes.ts';
import type { BankStore } from './ports.ts';

/** What the bank itself put there under `key`; undefined where there is nothing. */
export async function readStoredJson<T>(store: BankStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key);
  return bytes === undefined ? undefined : (JSON.parse(utf8Decode(bytes)) as T);
}

/** Durable when it resolves. */
export async function writeStoredJson(store: BankStore, key: string, value: unknown): Promise<void> {
  await store.put(key, utf8(JSON.stringify(value)));
}
