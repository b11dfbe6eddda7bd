/**
 * `sealedger-node fsck --config FILE [--rpc URL] [--json] [--passphrase-file FILE | --passphrase-fd N]`: holds the stored log against its events and the chain.
 *
 * Reads only, while no node runs on the directory. Exit 0 where nothing differs, 1 with the first difference, 2 where
 * something could not be read. What could not be checked is said and does not count as a difference.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { assertKeystoreOf } from '@sealedger/transport/keystore-file.ts';
import { PASSPHRASE_OPTIONS, placeOf, readPassphrase } from '@sealedger/transport/secret-input.ts';
import { z } from 'zod';
import { type NodeConfig, readConfig } from '../config.ts';
import { nativeEd25519 } from '../crypto.ts';
import { type ChainFacts, checkLog, type FsckReport } from '../evidence/fsck.ts';
import { readChainFacts } from '../evidence/fsck-chain.ts';
import { levelEvidenceStore } from '../evidence/level-store.ts';
import { keystorePath, openKeystore } from '../keys/keystore.ts';
import { levelCode } from '../store/level-store.ts';
import { openSnapshot, unreadable } from '../store/snapshot.ts';
import { type CommandIo, EXIT_DONE, EXIT_FAILED, EXIT_USAGE } from './command.ts';
import { hasPassphrase } from './passphrase.ts';
import { localeOf } from './status-command.ts';
import { usageText } from './usage.ts';

type Unchecked = { readonly code: ErrorCode; readonly details: Readonly<Record<string, string>> };
type Outcome = { readonly report: FsckReport; readonly unchecked: readonly Unchecked[] };

/** A chain that answers so cannot be asked now. */
const AWAY = ['CHAIN_UNREACHABLE', 'CHAIN_TIMEOUT', 'CHAIN_RPC_ERROR', 'CHAIN_REPLY_MALFORMED'] as const;
/** A line on stderr each time so many more events are done. */
const PROGRESS_EVENTS = 25_600;

/** @throws {ProtocolError} ARGUMENT_INVALID, SCHEMA_MISMATCH, FSCK_NODE_RUNNING, FSCK_STORE_…, CHAIN_MISMATCH */
export async function fsckCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      rpc: { type: 'string' },
      json: { type: 'boolean', default: false },
      lang: { type: 'string' },
      ...PASSPHRASE_OPTIONS,
    },
  });
  if (values.config === undefined) {
    io.stderr(usageText('NODE_FSCK_USAGE', io.locale));
    return EXIT_USAGE;
  }
  const locale = localeOf(values.lang, io.locale);
  const config = await readConfig(values.config);
  const passphrase = hasPassphrase(values) ? await readPassphrase(placeOf(values), locale) : null;
  const given = { rpcUrl: values.rpc ?? config.rpcUrl, passphrase };
  const outcome = await check(config, given, { ...io, locale });
  io.stdout(values.json ? `${JSON.stringify(documentOf(outcome))}\n` : textOf(outcome, locale));
  return outcome.report.difference === null ? EXIT_DONE : EXIT_FAILED;
}

/** Where the chain is, and what opens the keystore; null where its key is not needed. */
type Given = { readonly rpcUrl: string; readonly passphrase: string | null };

async function check(config: NodeConfig, { rpcUrl, passphrase }: Given, io: CommandIo): Promise<Outcome> {
  const snapshot = await openSnapshot(join(config.dataDir, 'state'));
  try {
    const { chain, code } = await askChain(config, rpcUrl);
    const report = await checkLog({
      org: config.org,
      store: levelEvidenceStore(snapshot.database),
      chain,
      ownKey: await ownKey(config, passphrase),
      progress: (done, size) => {
        if (done % PROGRESS_EVENTS === 0) io.stderr(`${messageFor('FSCK_PROGRESS', { done, size }, io.locale)}\n`);
      },
    });
    return { report, unchecked: uncheckedIn(report, snapshot.isLocked, code) };
  } catch (cause) {
    throw levelCode(cause) === '' ? cause : unreadable(cause);
  } finally {
    await snapshot.close();
  }
}

/** The chain's word, or why it gave none; another chain than the deployment's is no answer but an error. */
async function askChain(config: NodeConfig, url: string): Promise<{ chain: ChainFacts | null; code: string }> {
  try {
    const deployment = parseDeployment(parseJson(z.unknown(), await readFile(config.deployment, 'utf8'), 'deployment'));
    return { chain: await readChainFacts(createJsonRpc(url, fetch), deployment, config.org), code: '' };
  } catch (error) {
    const away = AWAY.find((code) => isProtocolError(error, code));
    if (away !== undefined) return { chain: null, code: away };
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { chain: null, code: 'ENOENT' };
    throw error;
  }
}

/** The keystore's public key, for a chain that is away; without the passphrase nobody's. */
async function ownKey({ org, dataDir }: NodeConfig, passphrase: string | null): Promise<Uint8Array | null> {
  if (passphrase === null) return null;
  const keystore = await openKeystore(keystorePath(dataDir), passphrase);
  assertKeystoreOf(keystore, org);
  return nativeEd25519.publicKey(keystore.signing);
}

function uncheckedIn(report: FsckReport, isLocked: boolean, chainCode: string): Unchecked[] {
  const { uncheckedEpochs } = report;
  return [
    ...(isLocked ? [] : [{ code: 'FSCK_UNCHECKED_LOCK' as const, details: {} }]),
    ...(chainCode === '' ? [] : [{ code: 'FSCK_UNCHECKED_CHAIN' as const, details: { code: chainCode } }]),
    ...(uncheckedEpochs.length === 0
      ? []
      : [{ code: 'FSCK_UNCHECKED_KEYS' as const, details: { epochs: uncheckedEpochs.join(', ') } }]),
  ];
}

function documentOf({ report, unchecked }: Outcome): Readonly<Record<string, unknown>> {
  const { uncheckedEpochs: _, ...rest } = report;
  return { verdict: report.difference === null ? 'clean' : 'differs', ...rest, unchecked };
}

function textOf({ report, unchecked }: Outcome, locale: Locale): string {
  const { difference } = report;
  const verdict =
    difference === null
      ? messageFor('FSCK_CLEAN', { ...report, anchors: report.anchors ?? '–' }, locale)
      : `${messageFor('FSCK_DIFFERS', { org: report.org }, locale)}\n  ${difference.code}: ${messageFor(difference.code, difference, locale)}`;
  const open = unchecked.map(({ code, details }) => `\n  ${messageFor(code, details, locale)}`);
  return `${verdict}${open.join('')}\n`;
}
