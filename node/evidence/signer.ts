/** Native primitives for events and their tree: signatures on the thread pool, so that a batch of them uses every core. */
import { createSecretKey, hash, hkdfSync, type KeyObject, sign } from 'node:crypto';
import type { EventPrimitives } from '@sealedger/protocol/evidence/commitment.ts';
import { MERKLE_HASH_BYTES } from '@sealedger/protocol/merkle.ts';
import { ed25519PrivateKey } from '../crypto.ts';
import type { EventSigner } from './ports.ts';

export const nativePrimitives: EventPrimitives = {
  sha256Hex: (message) => hash('sha256', message, 'hex'),
  hkdf: (secret, salt, info, lengthBytes) =>
    new Uint8Array(hkdfSync('sha256', importedKey(secret), salt, info, lengthBytes)),
};

/** {@link leafHash} of a leaf that is text. */
export function nativeLeafHash(leaf: string): Uint8Array {
  return hash('sha256', Buffer.from(`\0${leaf}`), 'buffer');
}

const pair = new Uint8Array(1 + 2 * MERKLE_HASH_BYTES);
pair[0] = 1;

/** {@link nodeHash}. */
export function nativeNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1);
  pair.set(right, 1 + MERKLE_HASH_BYTES);
  return hash('sha256', pair, 'buffer');
}

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
  return { org, keyEpoch, sign: (message) => signature(message, ed25519PrivateKey(seed)) };
}

/** As {@link eventSigner}, with whatever keys the node has when it signs. */
export function ringSigner(ring: {
  readonly org: string;
  readonly keyEpoch: number;
  readonly signing: Uint8Array;
}): EventSigner {
  return {
    org: ring.org,
    get keyEpoch() {
      return ring.keyEpoch;
    },
    sign: (message) => signature(message, ed25519PrivateKey(ring.signing)),
  };
}

function signature(message: Uint8Array, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(null, message, key, (error, bytes) => (error ? reject(error) : resolve(bytes.toString('hex'))));
  });
}
