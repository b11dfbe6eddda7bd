/** What a node opens first: its keystore, its account on the chain, and what a rotation left undone. */
import { readFile } from 'node:fs/promises';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import { createSender, type Sender } from '@sealedger/protocol/ledger/transactions.ts';
import { assertKeystoreOf } from '@sealedger/transport/keystore-file.ts';
import { createAccountSender } from '../chain/account.ts';
import type { NodeConfig } from '../config.ts';
import { createKeyRing, type KeyRing } from '../keys/key-ring.ts';
import { keystorePath, openKeystore } from '../keys/keystore.ts';
import type { Clock, Logger } from '../ports.ts';
import type { NodeParts } from './parts.ts';
import { type ChainAccount, DEFAULT_OVERLAP_SECONDS, rotateOwnKeys, settleKeys } from './rotation.ts';

const START_RETRY_MS = 500;
/** How long a transaction is waited for, and how much longer for each block on top: the slowest common block time. */
const RECEIPT_MS = 60_000;
const CONFIRMATION_MS = 15_000;

export interface OpenedKeys {
  readonly keys: KeyRing;
  readonly rpc: Rpc;
  readonly client: LedgerClient;
  readonly chainAccount: ChainAccount;
  /** Finishes a rotation that a crash broke off; nothing may be logged before. */
  readonly finishRotation: (anchorer: NodeParts['evidence']['anchorer']) => Promise<void>;
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Opens the keystore and holds its keys against the chain.
 * @throws {ProtocolError} KEYSTORE_…, PASSPHRASE_LENGTH, SECRET_FILE_MODE, MEMBER_UNKNOWN, KEYS_DIFFER, CHAIN_MISMATCH
 */
export async function openKeysAndChain(
  config: NodeConfig,
  passphrase: string,
  { clock, log }: Surroundings,
): Promise<OpenedKeys> {
  const sealed = await openKeystore(keystorePath(config.dataDir), passphrase);
  assertKeystoreOf(sealed, config.org);
  const { confirmations } = config;
  const deployment = parseDeployment(JSON.parse(await readFile(config.deployment, 'utf8')));
  const rpc = createJsonRpc(config.rpcUrl, fetch);
  const waiting = { confirmations, receiptTimeoutMs: RECEIPT_MS + confirmations * CONFIRMATION_MS };
  const senderOf = (privateKeyHex: string): Sender =>
    createSender(rpc, deployment.chainId, privateKeyHex, clock, waiting);
  const clientOf = (sender: Sender): LedgerClient => createLedgerClient({ rpc, deployment, clock, sender, ...waiting });
  const reader = createLedgerClient({ rpc, deployment, clock });
  const record = await untilReached({ clock, log }, () => ownRecord(reader, config.org));
  const { keystore, hasBegun } = await settleKeys(config, sealed, passphrase, record);
  const keys = createKeyRing(keystore, record.keyEpoch);
  const account = createAccountSender(senderOf(toHex(keystore.account)));
  const chainAccount = { account, senderOf, clientOf };
  const client = clientOf(account);
  const finishRotation: OpenedKeys['finishRotation'] = async (anchorer) => {
    if (!hasBegun) return;
    log.info('finishes a rotation of the keys');
    const holdEvents = async () => ({ release: () => undefined, refuse: () => undefined });
    const parts = {
      config,
      ring: keys,
      ...chainAccount,
      client,
      anchorer,
      clock,
      log,
      holdEvents,
      fail: () => undefined,
    };
    const overlapSeconds = DEFAULT_OVERLAP_SECONDS;
    await untilReached({ clock, log }, () => rotateOwnKeys(parts, { passphrase, overlapSeconds }));
  };
  return { keys, rpc, client, chainAccount, finishRotation };
}

async function ownRecord(client: Pick<LedgerClient, 'organisation'>, org: string): Promise<OrganisationRecord> {
  const record = await client.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  return record;
}

/** Repeats a start while the chain is away. */
export async function untilReached<T>({ clock, log }: Surroundings, task: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (!isProtocolError(error, 'CHAIN_UNREACHABLE') && !isProtocolError(error, 'CHAIN_TIMEOUT')) throw error;
      log.info('waits for the chain');
      await clock.sleep(START_RETRY_MS);
    }
  }
}
