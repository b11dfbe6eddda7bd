/**
 * A record sealed at rest under an organisation's own key: what is stored, no other record can be put in its place.
 *
 * Trust: who has the key is the organisation. Learns: who reads the store, sizes. An older state of the same record opens
 * too: who needs to know that it is the latest must have that from elsewhere.
 * Form: nonce (24 bytes), then XChaCha20-Poly1305 over the message, with the record's name covered.
 * Source: draft-irtf-cfrg-xchacha; libsodium's aead.
 */
import sodium from 'libsodium-wrappers-sumo';
import { concat, concatPrefixed, utf8 } from './bytes.ts';
import type { Domain } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { hkdfSha256 } from './hkdf.ts';

export const RECORD_NONCE_BYTES = 24;
const NO_SALT = new Uint8Array(0);

/** What a record is: opening must name what sealing named. */
export type SealedRecordName = { readonly domain: Domain; readonly org: string; readonly name: string };

/**
 * Seals a record.
 * @param options.seed - the keystore's seed, 32 bytes; the key is derived from it.
 * @param options.nonce - 24 uniform bytes, for this record only.
 */
export async function sealRecord(options: {
  readonly seed: Uint8Array;
  readonly name: SealedRecordName;
  readonly message: Uint8Array;
  readonly nonce: Uint8Array;
}): Promise<Uint8Array> {
  await sodium.ready;
  const { seed, name, message, nonce } = options;
  const key = recordKey(seed, name);
  try {
    return concat(nonce, sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(message, nameBytes(name), null, nonce, key));
  } finally {
    key.fill(0);
  }
}

/** Opens a record. @throws {ProtocolError} SEALED_RECORD for another seed, another name or changed bytes. */
export async function openRecord(options: {
  readonly seed: Uint8Array;
  readonly name: SealedRecordName;
  readonly record: Uint8Array;
}): Promise<Uint8Array> {
  await sodium.ready;
  const { seed, name, record } = options;
  const key = recordKey(seed, name);
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      record.subarray(RECORD_NONCE_BYTES),
      nameBytes(name),
      record.subarray(0, RECORD_NONCE_BYTES),
      key,
    );
  } catch {
    throw new ProtocolError('SEALED_RECORD', { name: name.name });
  } finally {
    key.fill(0);
  }
}

function recordKey(seed: Uint8Array, { domain, org }: SealedRecordName): Uint8Array {
  return hkdfSha256({ ikm: seed, salt: NO_SALT, info: concatPrefixed(utf8(domain), utf8(org)), length: 32 });
}

function nameBytes({ domain, org, name }: SealedRecordName): Uint8Array {
  return concatPrefixed(utf8(domain), utf8(org), utf8(name));
}
