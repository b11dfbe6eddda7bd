/**
 * Replaces the keys of a running node: signing key, chain account and box key together, with an overlap in which others
 * still take what was signed under the ones before.
 *
 * Order: the new set is on disk before the chain hears of it; everything logged is anchored under the old key before the
 * chain counts the new one (node/evidence/rotation.ts); nothing is logged or sent in between. A crash leaves the old set
 * with a next one beside it, whether the chain has that or not: the next start finishes what was begun.
 * Learns: the chain, and so everybody, that this organisation changed its keys, and when.
 */
import { randomBytes } from 'node:crypto';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { KEY_SET_BYTES, newKeySet, promotedKeys, withNextKeys } from '@sealedger/protocol/keystore.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { keyStanding, memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import type { OrganisationKeys, OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Sender } from '@sealedger/protocol/ledger/transactions.ts';
import { assertKeystoreOf, writeKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import type { AccountSender } from '../chain/account.ts';
import { nativeEd25519 } from '../crypto.ts';
import type { Anchorer } from '../evidence/anchor.ts';
import { anchorUnderOldKey } from '../evidence/rotation.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type Keystore, keystoreOf, keystorePath, openKeystore } from '../keys/keystore.ts';
import type { Clock, Logger } from '../ports.ts';
import type { NodeParts } from './parts.ts';

/** Events that wait: logged when they are released, refused where the node must end. */
export interface HeldEvents {
  release(): void;
  refuse(error: ProtocolError): void;
}

/** How long others take the old keys where nobody says otherwise. */
export const DEFAULT_OVERLAP_SECONDS = 3600;
const ANCHOR_TIMEOUT_MS = 120_000;

/** The account with which a node writes, and how another one is made. */
export interface ChainAccount {
  readonly account: AccountSender;
  readonly senderOf: (privateKeyHex: string) => Sender;
  /** A client that writes with this sender alone. */
  readonly clientOf: (sender: Sender) => Pick<LedgerClient, 'rotateKeys'>;
}

export interface RotationParts extends ChainAccount {
  readonly config: { readonly org: string; readonly dataDir: string };
  readonly ring: KeyRing;
  readonly client: Pick<LedgerClient, 'organisation'>;
  readonly anchorer: Pick<Anchorer, 'flush' | 'status'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Holds back every event until it is told to go on. */
  readonly holdEvents: () => Promise<HeldEvents>;
  /** Called where it is unknown whether the chain has the new keys: the node must end and look again at its start. */
  readonly fail: (error: unknown) => void;
}

/** What a rotation of a running node stands on. */
export function rotationParts(parts: NodeParts): RotationParts {
  const { config, keys: ring, chainAccount, client, evidence, clock, log, holdEvents, fail } = parts;
  return { config, ring, ...chainAccount, client, anchorer: evidence.anchorer, clock, log, holdEvents, fail };
}

export type RotationStep = 'KEYS_STEP_STORED' | 'KEYS_STEP_ANCHORED' | 'KEYS_STEP_CHAIN' | 'KEYS_STEP_PROMOTED';

export interface Rotated extends OrganisationKeys {
  readonly keyEpoch: number;
}

/**
 * Rotates.
 * @param overlapSeconds - 0 to 86,400: how long others take the old keys from the block on.
 * @throws {ProtocolError} KEYSTORE_…, PASSPHRASE_LENGTH; ROTATION_NOT_ANCHORED, CHAIN_…: the old keys still hold and the
 *   next set waits in the keystore; KEYS_UNSETTLED where the node must start again to see.
 */
export async function rotateOwnKeys(
  parts: RotationParts,
  options: {
    readonly passphrase: string;
    readonly overlapSeconds: number;
    readonly onStep?: (step: RotationStep) => void;
  },
): Promise<Rotated> {
  const { config, ring, account, anchorer, clock } = parts;
  const { passphrase, overlapSeconds, onStep = () => undefined } = options;
  const keystore = await storeNext(parts, passphrase);
  const next = keystore.stored.next!;
  onStep('KEYS_STEP_STORED');
  const held = await parts.holdEvents();
  try {
    await anchorUnderOldKey(anchorer, clock, ANCHOR_TIMEOUT_MS);
    onStep('KEYS_STEP_ANCHORED');
    const keys = memberKeys(next, nativeEd25519);
    const record = await account.exchange(parts.senderOf(next.account), (before) =>
      putOnChain(parts, before, keys, overlapSeconds),
    );
    onStep('KEYS_STEP_CHAIN');
    // The node goes on with the new keys even where the file cannot be written now: the next start makes up for it.
    ring.replace(keystoreOf(config.org, promotedKeys(keystore.stored)), record.keyEpoch);
    await promote(config, keystore, passphrase);
    onStep('KEYS_STEP_PROMOTED');
    parts.log.info('keys rotated', { keyEpoch: record.keyEpoch, overlapSeconds });
    return { ...keys, keyEpoch: record.keyEpoch };
  } catch (error) {
    if (isProtocolError(error, 'KEYS_UNSETTLED')) held.refuse(error);
    throw error;
  } finally {
    held.release();
  }
}

/** Writes a next set beside the current one, or takes the one that waits there. */
async function storeNext({ config, ring }: RotationParts, passphrase: string): Promise<Keystore> {
  const path = keystorePath(config.dataDir);
  const keystore = await openKeystore(path, passphrase);
  assertKeystoreOf(keystore, config.org);
  if (!Buffer.from(keystore.signing).equals(ring.signing)) throw new ProtocolError('KEYS_DIFFER', { org: config.org });
  const keys = withNextKeys(keystore.stored, newKeySet(new Uint8Array(randomBytes(KEY_SET_BYTES))));
  if (keys !== keystore.stored) await writeKeystoreFile(path, { org: config.org, keys, passphrase });
  return { ...keystore, stored: keys };
}

/** Makes the next set the current one in the file. */
async function promote(
  { dataDir }: RotationParts['config'],
  { org, stored }: Keystore,
  passphrase: string,
): Promise<Keystore> {
  const keys = promotedKeys(stored);
  await writeKeystoreFile(keystorePath(dataDir), { org, keys, passphrase });
  return keystoreOf(org, keys);
}

/** Has the chain count the keys. @throws {ProtocolError} CHAIN_… where it does not, KEYS_UNSETTLED where that is unknown */
async function putOnChain(
  { config, client, clientOf, fail }: RotationParts,
  before: Sender,
  keys: OrganisationKeys,
  overlapSeconds: number,
): Promise<OrganisationRecord> {
  let refusal: unknown = null;
  try {
    await clientOf(before).rotateKeys(keys, overlapSeconds);
  } catch (error) {
    refusal = error;
  }
  try {
    const record = await client.organisation(config.org);
    if (record?.ed25519Key === keys.ed25519Key) return record;
    if (isDefinite(refusal)) throw refusal;
  } catch (error) {
    if (error === refusal) throw error;
  }
  const unsettled = new ProtocolError('KEYS_UNSETTLED', { org: config.org }, { cause: refusal });
  fail(unsettled);
  throw unsettled;
}

/** Whether an error says that the transaction is in no block and never will be. */
function isDefinite(error: unknown): boolean {
  return error instanceof ProtocolError && (error.code === 'CHAIN_REFUSED' || error.code === 'CHAIN_NO_ACCOUNT');
}

/**
 * The keys of a node that starts: a set that the chain counts already becomes the current one first.
 * @throws {ProtocolError} KEYS_DIFFER
 */
export async function settleKeys(
  config: RotationParts['config'],
  keystore: Keystore,
  passphrase: string,
  record: OrganisationRecord,
): Promise<{ readonly keystore: Keystore; readonly hasBegun: boolean }> {
  const standing = keyStanding({ org: config.org, keys: keystore.stored }, record, nativeEd25519);
  if (standing === 'ahead') return { keystore: await promote(config, keystore, passphrase), hasBegun: false };
  return { keystore, hasBegun: standing === 'begun' };
}
