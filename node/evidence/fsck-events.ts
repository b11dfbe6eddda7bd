/** What fsck asks of one stored entry: its form, whose it is, its signature, its openings, its places in the indexes. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  describeEvent,
  hasFieldsOfItsKind,
  signedEventText,
  signingBytesOf,
  verifyOpenings,
} from '@sealedger/protocol/evidence/event.ts';
import { differs } from './fsck-difference.ts';
import { entryPuts, type LoggedEvent, logKeys, parseEntry } from './log-entry.ts';
import type { EvidencePut } from './ports.ts';

/** Public keys by epoch, 32 bytes each. */
export type KeysByEpoch = ReadonlyMap<number, Uint8Array>;

export type CheckedEntry = {
  readonly entry: LoggedEvent;
  readonly leafText: string;
  /** Records of the indexes that must point to it. */
  readonly indexes: readonly EvidencePut[];
};

/** Checks everything of an entry that it carries itself. @throws {DifferenceFound} */
export function checkEntry(index: number, { key, value }: EvidencePut, org: string): CheckedEntry {
  const where = logKeys.event(index);
  if (key !== where) differs('FSCK_MISSING', where, 'present', 'absent');
  const entry = readEntry(index, value);
  const { event, keyEpoch, signature } = entry.signed;
  const leafText = signedEventText(canonicalText(event), keyEpoch, signature);
  const [written, ...indexes] = entryPuts(index, { ...entry, leafText });
  if (written!.value !== value || !hasFieldsOfItsKind(event)) differs('FSCK_FORM', where, 'canonical', 'other');
  const { org: source } = describeEvent(event);
  if (source !== org) differs('FSCK_EVENT_SOURCE', where, org, source);
  checkOpenings(where, entry);
  return { entry, leafText, indexes };
}

function readEntry(index: number, value: string): LoggedEvent {
  try {
    return parseEntry(index, value);
  } catch (error) {
    if (!isProtocolError(error, 'EVIDENCE_STORE_CORRUPT')) throw error;
    return differs('FSCK_FORM', logKeys.event(index), 'an event', 'unreadable');
  }
}

/** A store holds every opening; a bundle may leave some out. */
function checkOpenings(where: string, { signed, openings }: LoggedEvent): void {
  const missing = Object.keys(signed.event.data).find((name) => !Object.hasOwn(openings, name));
  const { wrongField } = verifyOpenings(signed.event, openings);
  const wrong = missing ?? wrongField;
  if (wrong !== null) differs('FSCK_EVENT_OPENING', where, wrong, missing === undefined ? 'wrong' : 'absent');
}

/** Verifies on the thread pool. @param publicKey - 32 bytes (RFC 8032). */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: string): Promise<boolean> {
  const key = importedKey(publicKey);
  return new Promise((resolve, reject) => {
    verify(null, message, key, fromHex(signature, 64), (error, holds) => (error ? reject(error) : resolve(holds)));
  });
}

/** Whether an event is signed under a key. */
export function isSignedBy(publicKey: Uint8Array, { signed }: LoggedEvent): Promise<boolean> {
  const message = signingBytesOf(canonicalText(signed.event), signed.keyEpoch);
  return verifySignature(publicKey, message, signed.signature);
}

const imported = new WeakMap<Uint8Array, KeyObject>();

function importedKey(publicKey: Uint8Array): KeyObject {
  const known = imported.get(publicKey);
  if (known !== undefined) return known;
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  imported.set(publicKey, key);
  return key;
}
