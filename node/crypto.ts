/** Node's native primitives, in the shapes that the protocol asks for. */
import { createCipheriv, createHash, createHmac, createPrivateKey, createPublicKey, hkdfSync, sign } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** AES-256-CTR keystream with a zero IV; every key is used once. */
export function expand(key: Uint8Array, lengthBytes: number): Uint8Array {
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(new Uint8Array(lengthBytes));
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

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 signer (RFC 8032) over a 32-byte seed. */
export function ed25519Signer(seed: Uint8Array): {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
} {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { publicKey: new Uint8Array(spki.subarray(-32)), sign: (message) => new Uint8Array(sign(null, message, key)) };
}
