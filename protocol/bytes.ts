/** Byte strings: hex, length-prefixed concatenation, comparison, wiping. Pure; no secrets are kept. */
import { ProtocolError } from './errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Strict UTF-8 decoding. @throws {TypeError} on malformed bytes. */
export function utf8Decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex without prefix. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += HEX_OF_BYTE[bytes[i]!];
  return out;
}

/**
 * Parses lower-case hex without prefix.
 * @param lengthBytes - when given, the exact number of bytes expected.
 * @throws {ProtocolError} MALFORMED_HEX
 */
export function fromHex(hex: string, lengthBytes?: number): Uint8Array {
  const wrongLength = lengthBytes !== undefined && hex.length !== 2 * lengthBytes;
  if (wrongLength || hex.length % 2 !== 0 || !/^[0-9a-f]*$/.test(hex)) {
    throw new ProtocolError('MALFORMED_HEX', { expectedBytes: lengthBytes ?? 'any' });
  }
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) {
    out[i] = (digitOf(hex.charCodeAt(2 * i)) << 4) | digitOf(hex.charCodeAt(2 * i + 1));
  }
  return out;
}

/** Value of a lower-case hex digit by its character code. */
function digitOf(code: number): number {
  return code < 0x61 ? code - 0x30 : code - 0x57;
}

/** Plain concatenation. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Injective concatenation: each part is preceded by its length as a 4-byte big-endian integer. */
export function concatPrefixed(...parts: readonly Uint8Array[]): Uint8Array {
  return concat(...parts.flatMap((part) => [uint32be(part.length), part]));
}

/** 4-byte big-endian unsigned integer, 0 <= value < 2^32. */
export function uint32be(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, false);
  return out;
}

/** Equality in time that depends on the lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Overwrites a secret with zeros. */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0);
}
