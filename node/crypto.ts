/** Node's native primitives, in the shapes that the protocol asks for. */
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';

const ZERO_BLOCK = Buffer.alloc(16);
/** What is encrypted for keystream; grown where a longer one is asked for, never written to. */
let zeros = new Uint8Array(1 << 18);

/** AES-256-CTR keystream with a zero IV; every key is used once. */
export function expand(key: Uint8Array, lengthBytes: number): Uint8Array {
  if (zeros.length < lengthBytes) zeros = new Uint8Array(lengthBytes);
  return createCipheriv('aes-256-ctr', key, ZERO_BLOCK).update(zeros.subarray(0, lengthBytes));
}

/** HKDF-SHA256 (RFC 5869). */
export function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, lengthBytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, lengthBytes));
}

export function hmacSha256(key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** HMAC-SHA256 of a file's bytes, read as a stream. */
export async function hmacFile(key: Uint8Array, path: string): Promise<Uint8Array> {
  const mac = createHmac('sha256', key);
  for await (const part of createReadStream(path)) mac.update(part as Buffer);
  return mac.digest();
}

/** DER up to the key itself (RFC 8410, section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

const privateKeys = new WeakMap<Uint8Array, KeyObject>();

/** The key object of an Ed25519 seed of 32 bytes, imported once for each array. */
export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  const known = privateKeys.get(seed);
  if (known !== undefined) return known;
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  privateKeys.set(seed, key);
  return key;
}

/** Keys that signatures were verified with, by their bytes; the one that came first goes first. */
const publicKeys = new Map<string, KeyObject>();
const MAX_PUBLIC_KEYS = 4096;

/** @throws {Error} of node:crypto where the bytes are no key */
function ed25519PublicKey(bytes: Uint8Array): KeyObject {
  const name = Buffer.from(bytes).toString('latin1');
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, bytes]), format: 'der', type: 'spki' });
  const [first] = publicKeys.keys();
  if (publicKeys.size >= MAX_PUBLIC_KEYS) publicKeys.delete(first!);
  publicKeys.set(name, key);
  return key;
}

/** Ed25519 (RFC 8032) of OpenSSL: about thirty times as fast as the portable one. Keys come from the chain. */
export const nativeEd25519: Ed25519 = {
  publicKey: (seed) =>
    new Uint8Array(createPublicKey(ed25519PrivateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(-32)),
  sign: (message, seed) => new Uint8Array(sign(null, message, ed25519PrivateKey(seed))),
  verify: (signature, message, publicKey) => {
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    try {
      return verify(null, message, ed25519PublicKey(publicKey), signature);
    } catch {
      return false;
    }
  },
};
