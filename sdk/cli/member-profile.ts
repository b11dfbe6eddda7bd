/** The profile of a member at its command line: who it is, where its key and the consortium's deployment file are. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { createPinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import type { PassphraseValues } from '@sealedger/transport/secret-input.ts';
import { z } from 'zod';
import type { CatalogueContext } from '../catalogue.ts';
import { signingKeyOn } from '../peer-of.ts';
import { nativeEd25519 } from './native.ts';
import { openMemberKeys, passphrasePlace } from './passphrase.ts';
import { memberProfileShape } from './profile-shape.ts';

/** A regulator's profile is one too, where it names the deployment file. */
const memberProfileSchema = z.object(memberProfileShape);

/** A member at its command line: what its catalogue commands take, and all that it may read and write of the chain. */
export type OpenMember = CatalogueContext & {
  /** Writes with the account of the keystore. */
  readonly ledger: LedgerClient;
  readonly rpc: Rpc;
  readonly ports: { readonly clock: { now(): number; sleep(ms: number): Promise<void> } };
};

/**
 * Opens catalogues and evidence as a member.
 * @param values - what the command's PASSPHRASE_OPTIONS gave.
 * @throws {ProtocolError} PROFILE_UNREADABLE, SCHEMA_MISMATCH, MEMBER_UNKNOWN, MEMBER_SUSPENDED, CHAIN_*, and as openMemberKeys
 */
export async function openMember(path: string, values: PassphraseValues): Promise<OpenMember> {
  const profile = parseJson(memberProfileSchema, await readText(path), 'profile');
  const at = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  const deployment = parseDeployment(parseJson(z.unknown(), await readText(at(profile.deployment)), 'deployment'));
  const { passphraseFile } = profile;
  const place = passphrasePlace(values, passphraseFile === undefined ? undefined : at(passphraseFile));
  const { signing, account } = await openMemberKeys(at(profile.keystore), profile.org, place);
  const clock = { now: () => Date.now(), sleep: async (ms: number) => void (await sleep(ms)) };
  const rpc = createJsonRpc(profile.rpc, fetch);
  const ledger = createLedgerClient({ rpc, deployment, clock, account: { privateKeyHex: toHex(account) } });
  await ledger.verify();
  const { org } = profile;
  const record = await ledger.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  if (record.status !== 'active') throw new ProtocolError('MEMBER_SUSPENDED', { org });
  const { keyEpoch } = record;
  const ports = {
    fetch,
    pinnedFetch: createPinnedTransport().fetch,
    clock,
    randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
    ed25519: nativeEd25519,
  };
  const sign = (message: Uint8Array): Uint8Array => nativeEd25519.sign(message, signing);
  const peers = createPeerClient({ org, keyEpoch, sign }, { ...ports, signingKey: signingKeyOn(ledger, clock) });
  return { org, keyEpoch, signing, ledger, rpc, peers, ports };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file: path }, { cause });
  }
}
