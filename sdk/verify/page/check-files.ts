/** What the page does with the files: the same verifier as in Node, one file after the other, from the last state. */

import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError, type ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import type { LastState } from '../log-claims.ts';
import { type Verification, verifyBundleText } from '../verify-bundle.ts';

export type GivenFile = { readonly name: string; readonly bytes: Uint8Array };

export type CheckedFile = {
  readonly name: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly digest: string;
  readonly result: Verification | ProtocolError;
};

/** As Node reads a file: a byte order mark is part of the text, and so makes it another one. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** @returns the results in order, and the state after them. */
export function checkFiles(
  files: readonly GivenFile[],
  trust: Trust,
  previousState: LastState,
): { readonly checked: readonly CheckedFile[]; readonly state: LastState } {
  let state = previousState;
  const checked = files.map(({ name, bytes }): CheckedFile => {
    const digest = toHex(sha256(bytes));
    try {
      const result = verifyBundleText(textOf(bytes), trust, { previousState: state });
      state = result.state;
      return { name, digest, result };
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return { name, digest, result: error };
    }
  });
  return { checked, state };
}
