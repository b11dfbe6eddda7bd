/**
 * A certifier at its command line: the regulator's profile, its keystore, and the one directory where it keeps models.
 *
 * The directory is locked by a file while a command works in it, so that no two commands certify side by side what was
 * never compared.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { type CertificateFloors, certificateFloorsSchema } from '@sealedger/protocol/model-certificate.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import type { PassphraseValues } from '@sealedger/transport/secret-input.ts';
import { z } from 'zod';
import { type Certifier, openCertifier } from '../certificates.ts';
import { certifierLedger } from '../certifier-ledger.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type FileStore, fileStore, nativeEd25519 } from './native.ts';
import { openMemberKeys, passphrasePlace } from './passphrase.ts';
import { memberProfileShape } from './profile-shape.ts';

/** What a regulator's profile says of certificates. */
export const certifySettingsSchema = z.strictObject({
  /** Where the models are kept, sealed; relative paths start at the profile's directory. */
  directory: z.string().min(1),
  floors: certificateFloorsSchema.optional(),
});

/** An audit profile with `certificates`; what only an audit reads is left alone. */
const profileSchema = z.object({
  ...memberProfileShape,
  certificates: certifySettingsSchema,
});

/** A certifier and what it holds; `close` it. */
export type OpenCertifier = { readonly certifier: Certifier; close(): Promise<void> };

/**
 * Opens the certifier of a profile.
 * @param floorsFile - JSON in place of the profile's floors.
 * @throws {ProtocolError} PROFILE_UNREADABLE, SCHEMA_MISMATCH, CERTIFIER_BUSY, MEMBER_UNKNOWN, CHAIN_*, and as openMemberKeys
 */
export async function openCertifierAt(
  path: string,
  values: PassphraseValues,
  floorsFile: string | undefined,
): Promise<OpenCertifier> {
  const profile = parseJson(profileSchema, await readText(path), 'profile');
  const at = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  const deployment = parseDeployment(parseJson(z.unknown(), await readText(at(profile.deployment)), 'deployment'));
  const floors = floorsFile === undefined ? profile.certificates.floors : await readFloors(floorsFile);
  const { org, passphraseFile } = profile;
  const place = passphrasePlace(values, passphraseFile === undefined ? undefined : at(passphraseFile));
  const keys = await openMemberKeys(at(profile.keystore), org, place);
  const clock = { now: () => Date.now(), sleep: async (ms: number) => void (await sleep(ms)) };
  const rpc = createJsonRpc(profile.rpc, fetch);
  const client = createLedgerClient({ rpc, deployment, clock, account: { privateKeyHex: toHex(keys.account) } });
  const record = await client.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  const directory = at(profile.certificates.directory);
  const lock = await lockDirectory(directory, (pid) => new ProtocolError('CERTIFIER_BUSY', { pid }));
  const certifier = openCertifier({
    org,
    keyEpoch: record.keyEpoch,
    keys: {
      signing: keys.signing,
      sealing: [keys.sealing, ...keys.earlierSealing],
      seed: Uint8Array.from(Buffer.from(keys.stored.seed, 'hex')),
    },
    ledger: certifierLedger(client, rpc),
    ports: {
      clock,
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      store: lockedStore(fileStore(directory), lock),
      ed25519: nativeEd25519,
    },
    ...(floors === undefined ? {} : { floors }),
  });
  return { certifier, close: lock.release };
}

async function readFloors(path: string): Promise<CertificateFloors> {
  return parseJson(certificateFloorsSchema, await readText(path), 'floors');
}

/** Nothing is written once the lock is another's. */
function lockedStore(store: FileStore, lock: DirectoryLock): FileStore {
  return {
    get: store.get,
    put: async (key, value) => {
      await lock.assertHeld();
      await store.put(key, value);
    },
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file: path }, { cause });
  }
}
