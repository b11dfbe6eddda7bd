/**
 * Unlocking: the metered evaluation of the gate's POPRF, as it travels and as it is signed.
 *
 * A frame is `magic (4 bytes) | header length (u32 BE) | header (JSON of a signed envelope) | elements`. The header is
 * verified before the elements are looked at.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { concat, toHex, uint32be, utf8, utf8Decode } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { hex32, organisationId } from './schema.ts';

export const ELEMENT_BYTES = 32;
export const PROOF_BYTES = 64;
/** Elements of one request: about 0.3 s of a gate's core. */
export const MAX_BATCH = 1024;
const MAX_HEADER_BYTES = 4096;

const requestMagic = utf8('SLU1');
const responseMagic = utf8('SLV1');

/** What the bank signs. Learns: the gate, when and how many; the elements are blinded. */
export const unlockOrderSchema = z.strictObject({
  requestId: hex32,
  computationId: hex32,
  gate: organisationId,
  /** A lane is one sequence of unlockings of one worker of the bank. */
  lane: z.int().min(0).max(65_535),
  counter: z.int().positive(),
  /** Digest of the receipt of `counter - 1`; null for the first. */
  previousReceipt: hex32.nullable(),
  count: z.int().min(1).max(MAX_BATCH),
  /** SHA-256 of the concatenated blinded elements. */
  blindedDigest: hex32,
});
export type UnlockOrder = z.output<typeof unlockOrderSchema>;

/** What the gate signs in return. */
export const unlockReceiptSchema = z.strictObject({
  requestId: hex32,
  computationId: hex32,
  gate: organisationId,
  lane: z.int().min(0),
  counter: z.int().positive(),
  count: z.int().positive(),
  /** Used quota of the grant after this unlocking. */
  totalUsed: z.int().positive(),
  /** Digest of the order's envelope. */
  orderDigest: hex32,
  /** SHA-256 of the evaluated elements and the proof. */
  evaluatedDigest: hex32,
});
export type UnlockReceipt = z.output<typeof unlockReceiptSchema>;

export interface UnlockFrame {
  /** JSON of a signed envelope, not yet verified. */
  readonly header: unknown;
  readonly elements: readonly Uint8Array[];
  readonly elementsDigest: string;
}

/** The bank's frame: envelope of an order and the blinded elements. */
export function encodeUnlockOrder(envelope: unknown, elements: readonly Uint8Array[]): Uint8Array {
  return encodeFrame(requestMagic, envelope, elements);
}

/** The gate's frame: envelope of a receipt, the evaluated elements, the DLEQ proof. */
export function encodeUnlockAnswer(envelope: unknown, elements: readonly Uint8Array[], proof: Uint8Array): Uint8Array {
  return encodeFrame(responseMagic, envelope, [...elements, proof]);
}

/** Largest frame of an order, in bytes: what a server lets in. */
export const MAX_ORDER_BYTES = 8 + MAX_HEADER_BYTES + MAX_BATCH * ELEMENT_BYTES;

/** @throws {ProtocolError} UNLOCK_FRAME_MALFORMED */
export function decodeUnlockOrder(frame: Uint8Array): UnlockFrame {
  const { header, rest } = decodeFrame(requestMagic, frame);
  return { header, elements: splitElements(rest), elementsDigest: toHex(sha256(rest)) };
}

/** @throws {ProtocolError} UNLOCK_FRAME_MALFORMED */
export function decodeUnlockAnswer(frame: Uint8Array): UnlockFrame & { readonly proof: Uint8Array } {
  const { header, rest } = decodeFrame(responseMagic, frame);
  if (rest.length < PROOF_BYTES) throw new ProtocolError('UNLOCK_FRAME_MALFORMED', { reason: 'no proof' });
  const cut = rest.length - PROOF_BYTES;
  return {
    header,
    elements: splitElements(rest.subarray(0, cut)),
    proof: rest.slice(cut),
    elementsDigest: toHex(sha256(rest)),
  };
}

/** SHA-256 of the concatenation, in hex: `blindedDigest` and `evaluatedDigest`. */
export function elementsDigest(parts: readonly Uint8Array[]): string {
  return toHex(sha256(concat(...parts)));
}

function encodeFrame(magic: Uint8Array, envelope: unknown, parts: readonly Uint8Array[]): Uint8Array {
  const header = utf8(JSON.stringify(envelope));
  return concat(magic, uint32be(header.length), header, ...parts);
}

function decodeFrame(magic: Uint8Array, frame: Uint8Array): { header: unknown; rest: Uint8Array } {
  const malformed = (reason: string, cause?: unknown): ProtocolError =>
    new ProtocolError('UNLOCK_FRAME_MALFORMED', { reason }, { cause });
  if (frame.length < 8) throw malformed('shorter than its head');
  if (magic.some((byte, i) => frame[i] !== byte)) throw malformed('unknown magic');
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(4, false);
  if (length > MAX_HEADER_BYTES || 8 + length > frame.length) throw malformed('header length out of range');
  try {
    return { header: JSON.parse(utf8Decode(frame.subarray(8, 8 + length))), rest: frame.subarray(8 + length) };
  } catch (cause) {
    throw malformed('header is not JSON', cause);
  }
}

function splitElements(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / ELEMENT_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MAX_BATCH) {
    throw new ProtocolError('UNLOCK_FRAME_MALFORMED', { reason: 'elements do not come in whole' });
  }
  return Array.from({ length: count }, (_, i) => bytes.slice(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES));
}
