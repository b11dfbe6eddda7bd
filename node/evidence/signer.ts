/** Native primitives for events: signatures on the thread pool, so that a batch of them uses every core. */
import { createSecretKey, hash, hkdfSync, type KeyObject, sign } from 'node:crypto';
import type { EventPrimitives } from '@sealedger/protocol/evidence/commitment.ts';
import { ed25519PrivateKey } from '../crypto.ts';
import type { EventSigner } from './ports.ts';

export const nativePrimitives: EventPrimitives = {
  sha256Hex: (message) => hash('sha256', message, 'hex'),
  hkdf: (secret, salt, info, lengthBytes) =>
    new Uint8Array(hkdfSync('sha256', importedKey(secret), salt, info, lengthBytes)),
};

/** One import per secret: it costs more than the derivation. */
const imported = new WeakMap<Uint8Array, KeyObject>();

function importedKey(secret: Uint8Array): KeyObject {
  const key = imported.get(secret) ?? createSecretKey(secret);
  imported.set(secret, key);
  return key;
}

/**
 * Signs events and checkpoints as one organisation.
 * @param keyEpoch - the epoch under which the chain shows the public key of `seed`.
 * @param seed - the 32-byte seed of the Ed25519 key (RFC 8032).
 */
export function eventSigner(org: string, keyEpoch: number, seed: Uint8Array): EventSigner {
  const key = ed25519PrivateKey(seed);
  const signature = (message: Uint8Array): Promise<string> =>
    new Promise((resolve, reject) => {
      sign(null, message, key, (error, bytes) => (error ? reject(error) : resolve(bytes.toString('hex'))));
    });
  return { org, keyEpoch, sign: signature };
}
