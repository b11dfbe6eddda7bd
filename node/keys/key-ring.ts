/**
 * The keys that a running node signs and opens boxes with: one set at a time, exchanged whole when the node rotates.
 *
 * Epoch and signature are read in one turn, so that no message names one epoch and is signed under another.
 */
import { nativeEd25519 } from '../crypto.ts';
import type { Keystore } from './keystore.ts';

export interface KeyRing {
  readonly org: string;
  /** As the chain counts the sets. */
  readonly keyEpoch: number;
  /** Ed25519 seed of now. */
  readonly signing: Uint8Array;
  /** Root of what the node derives; no rotation changes it. */
  readonly seed: Uint8Array;
  /** X25519 secrets, the latest first: what was sealed to an earlier one still opens. */
  readonly sealing: readonly Uint8Array[];
  /** Ed25519 (RFC 8032) under the key of now. */
  sign(message: Uint8Array): Uint8Array;
  /** Goes on with another set of the same organisation. */
  replace(keystore: Keystore, keyEpoch: number): void;
}

/** @param keyEpoch - under which the chain shows the keystore's current set. */
export function createKeyRing(keystore: Keystore, keyEpoch: number): KeyRing {
  let current = { keystore, keyEpoch };
  return {
    org: keystore.org,
    seed: keystore.seed,
    get keyEpoch() {
      return current.keyEpoch;
    },
    get signing() {
      return current.keystore.signing;
    },
    get sealing() {
      return [current.keystore.sealing, ...current.keystore.earlierSealing];
    },
    sign: (message) => nativeEd25519.sign(message, current.keystore.signing),
    replace: (next, epoch) => {
      current = { keystore: next, keyEpoch: epoch };
    },
  };
}
