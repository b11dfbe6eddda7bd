/**
 * An organisation's keys at rest: one JSON file, sealed under a passphrase.
 *
 * Argon2id makes each guess of the passphrase cost memory and time; XChaCha20-Poly1305 seals the keys and covers every
 * field in front of them, so that nobody can lower the cost or move a box to another organisation unnoticed.
 * Trust: who has file and passphrase is the organisation. Learns: who has the file alone learns whose it is.
 * Source: RFC 9106 (Argon2id); draft-irtf-cfrg-xchacha; libsodium's pwhash and aead.
 */
import sodium from 'libsodium-wrappers-sumo';
import { z } from 'zod';
import { fromHex, toHex, utf8, wipe } from './bytes.ts';
import { canonicalBytes } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { assertPassphraseLength } from './passphrase.ts';
import { hex32, organisationId, parseJson } from './schema.ts';

const MAX_OPERATIONS = 16;
const MIN_MEMORY_BYTES = 19 << 20;
const MAX_MEMORY_BYTES = 1 << 30;
/** Rotations after which a sealed box no longer opens. */
const MAX_EARLIER = 64;

/** Keys that are replaced together when an organisation rotates: Ed25519 seed, secp256k1 account, X25519 secret. */
const keySetSchema = z.strictObject({ signing: hex32, account: hex32, sealing: hex32 });
const keysSchema = z.strictObject({
  current: keySetSchema,
  /** Made, and perhaps registered already: a rotation that a crash interrupted goes on with these. */
  next: keySetSchema.nullable(),
  /** Earlier X25519 secrets: boxes that were sealed before a rotation still open. */
  earlierSealing: z.array(hex32).max(MAX_EARLIER),
  /** Root of everything a node derives; it stays over rotations. */
  seed: hex32,
});
/** All as 32 bytes in lower-case hex. */
export type KeystoreKeys = z.output<typeof keysSchema>;
export type KeySet = z.output<typeof keySetSchema>;

const keystoreSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(2),
  org: organisationId,
  kdf: z.strictObject({
    name: z.literal('argon2id'),
    operations: z.int().min(1).max(MAX_OPERATIONS),
    memoryBytes: z.int().min(MIN_MEMORY_BYTES).max(MAX_MEMORY_BYTES),
    salt: z.string().regex(/^[0-9a-f]{32}$/, '16 bytes in lower-case hex'),
  }),
  cipher: z.literal('xchacha20-poly1305'),
  nonce: z.string().regex(/^[0-9a-f]{48}$/, '24 bytes in lower-case hex'),
  ciphertext: z.string().regex(/^([0-9a-f]{2}){17,16384}$/, 'lower-case hex'),
});

/** What a guess costs. */
export type KeystoreCost = { readonly operations: number; readonly memoryBytes: number };
/** A fifth of a second and 64 MiB on one core. */
export const DEFAULT_KEYSTORE_COST: KeystoreCost = { operations: 2, memoryBytes: 64 << 20 };
/** Enough where the passphrase itself is 32 random bytes: no cost makes guessing those any harder. */
export const LEAST_KEYSTORE_COST: KeystoreCost = { operations: 1, memoryBytes: MIN_MEMORY_BYTES };
/** Random bytes of a new set of keys, and of a new keystore's keys. */
export const KEY_SET_BYTES = 96;
export const KEYSTORE_BYTES = KEY_SET_BYTES + 32;

/** A set of keys from random bytes. @param random - KEY_SET_BYTES uniform bytes. @throws {ProtocolError} BYTES_LENGTH */
export function newKeySet(random: Uint8Array): KeySet {
  if (random.length !== KEY_SET_BYTES) {
    throw new ProtocolError('BYTES_LENGTH', { what: 'keys', expectedBytes: KEY_SET_BYTES, gotBytes: random.length });
  }
  const part = (index: number): string => toHex(random.subarray(32 * index, 32 * (index + 1)));
  return { signing: part(0), account: part(1), sealing: part(2) };
}

/** Keys of a new keystore. @param random - KEYSTORE_BYTES uniform bytes. @throws {ProtocolError} BYTES_LENGTH */
export function newKeystoreKeys(random: Uint8Array): KeystoreKeys {
  const current = newKeySet(random.subarray(0, KEY_SET_BYTES));
  return { current, next: null, earlierSealing: [], seed: toHex(random.subarray(KEY_SET_BYTES)) };
}

/** The keys with a next set beside the current one: before the chain hears of it. A set that waits already stays. */
export function withNextKeys(keys: KeystoreKeys, next: KeySet): KeystoreKeys {
  return keys.next === null ? { ...keys, next } : keys;
}

/** The keys after the chain has the next set: it is the current one, and the box key before it still opens boxes. */
export function promotedKeys(keys: KeystoreKeys): KeystoreKeys {
  if (keys.next === null) return keys;
  const earlierSealing = [keys.current.sealing, ...keys.earlierSealing].slice(0, MAX_EARLIER);
  return { ...keys, current: keys.next, next: null, earlierSealing };
}

/**
 * Seals keys.
 * @param options.random - 40 uniform bytes: salt and nonce, for this file only.
 * @returns the text of the file.
 * @throws {ProtocolError} PASSPHRASE_LENGTH; BYTES_LENGTH
 */
export async function sealKeystore(options: {
  readonly org: string;
  readonly keys: KeystoreKeys;
  readonly passphrase: string;
  readonly random: Uint8Array;
  readonly cost?: KeystoreCost;
}): Promise<string> {
  const { org, keys, passphrase, random, cost = DEFAULT_KEYSTORE_COST } = options;
  if (random.length !== 40) {
    throw new ProtocolError('BYTES_LENGTH', { what: 'salt and nonce', expectedBytes: 40, gotBytes: random.length });
  }
  const head = {
    suite: SUITE,
    version: 2,
    org,
    kdf: { name: 'argon2id', ...cost, salt: toHex(random.subarray(0, 16)) },
    cipher: 'xchacha20-poly1305',
    nonce: toHex(random.subarray(16)),
  } as const;
  const key = await passphraseKey(passphrase, head.kdf);
  const plaintext = utf8(JSON.stringify(keys));
  try {
    const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      plaintext,
      coveredBytes(head),
      null,
      fromHex(head.nonce),
      key,
    );
    return `${JSON.stringify({ ...head, ciphertext: toHex(ciphertext) }, null, 1)}\n`;
  } finally {
    wipe(key);
    wipe(plaintext);
  }
}

/**
 * Opens a keystore file.
 * @throws {ProtocolError} KEYSTORE_UNREADABLE where it is none, KEYSTORE_PASSPHRASE where the passphrase is not its own or
 *   a byte was changed: the two cannot be told apart; PASSPHRASE_LENGTH. Never with a part of the file.
 */
export async function openKeystoreText(
  text: string,
  passphrase: string,
): Promise<{ readonly org: string; readonly keys: KeystoreKeys }> {
  const { ciphertext, ...head } = parseKeystore(text);
  const key = await passphraseKey(passphrase, head.kdf);
  try {
    const plaintext = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      fromHex(ciphertext),
      coveredBytes(head),
      fromHex(head.nonce),
      key,
    );
    const keys = parseJson(keysSchema, new TextDecoder().decode(plaintext), 'keystore');
    wipe(plaintext);
    return { org: head.org, keys };
  } catch {
    throw new ProtocolError('KEYSTORE_PASSPHRASE', { org: head.org });
  } finally {
    wipe(key);
  }
}

function parseKeystore(text: string): z.output<typeof keystoreSchema> {
  try {
    return parseJson(keystoreSchema, text, 'keystore');
  } catch {
    throw new ProtocolError('KEYSTORE_UNREADABLE', {});
  }
}

async function passphraseKey(passphrase: string, kdf: KeystoreCost & { readonly salt: string }): Promise<Uint8Array> {
  assertPassphraseLength(passphrase);
  await sodium.ready;
  return sodium.crypto_pwhash(
    sodium.crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    passphrase.normalize('NFC'),
    fromHex(kdf.salt),
    kdf.operations,
    kdf.memoryBytes,
    sodium.crypto_pwhash_ALG_ARGON2ID13,
  );
}

function coveredBytes(head: Omit<z.output<typeof keystoreSchema>, 'ciphertext'>): Uint8Array {
  return canonicalBytes({ domain: domains.keystore, ...head });
}
