/**
 * The bank's store at its command line: files whose values are sealed under a key of its keystore.
 *
 * Trust: who has the directory alone learns names and sizes; secret keys, models and scores need the keystore too. Each
 * value is bound to its name, so that none passes as another, and a changed one is refused.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { concat, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { BankStore } from '../ports.ts';
import { fileStore } from './native.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param seed - secret of the keystore that stays over key rotations, 32 bytes. */
export function sealedFileStore(directory: string, seed: Uint8Array): BankStore {
  const files = fileStore(directory);
  const key = new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), domains.bankStore, 32));
  return {
    get: async (name) => {
      const sealed = await files.get(name);
      return sealed === undefined ? undefined : unseal(key, name, sealed);
    },
    put: (name, value) => files.put(name, seal(key, name, value)),
  };
}

function seal(key: Uint8Array, name: string, value: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(utf8(name));
  const body = concat(cipher.update(value), cipher.final());
  return concat(nonce, body, cipher.getAuthTag());
}

/** @throws {ProtocolError} STORE_UNREADABLE */
function unseal(key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new ProtocolError('STORE_UNREADABLE', {});
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
    .setAAD(utf8(name))
    .setAuthTag(sealed.subarray(end));
  try {
    return concat(decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final());
  } catch (cause) {
    throw new ProtocolError('STORE_UNREADABLE', {}, { cause });
  }
}
