/**
 * Passwords of people: hashed with Argon2id for the node's configuration, and verified one at a time off the event loop.
 *
 * Source: RFC 9106; libsodium's crypto_pwhash_str.
 */
import { createWorkerPool } from '../worker-pool.ts';

/** Stands in where there is no hash to verify against, so that the time shows nothing; no password has it. */
export const NOBODYS_HASH = `$argon2id$v=19$m=65536,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

export interface Passwords {
  /** @returns a hash in the form that `people` in a node's configuration takes. */
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Starts the one thread that all passwords go through: guesses in parallel are no faster than one after the other. */
export function createPasswords(): Passwords {
  let pool: ReturnType<typeof createWorkerPool> | undefined;
  const run = <T>(password: string, hash: string | null): Promise<T> => {
    pool ??= createWorkerPool(new URL('./password-worker.ts', import.meta.url), 1, null);
    return pool.run<T>({ password: password.normalize('NFC'), hash });
  };
  return {
    hash: (password) => run<string>(password, null),
    verify: (password, hash) => run<boolean>(password, hash),
    close: async () => pool?.close(),
  };
}
