/**
 * A chain of one validator for one machine: Hardhat's simulated network, kept over restarts by a journal.
 *
 * Base fee 0, so that accounts need no balance; one block per transaction. The engine cannot store its state, but the same
 * transactions with the same block times give the same blocks, so the journal is replayed on start and every block's hash
 * compared. Trust: whoever runs this process; other members hold it to the seals of its blocks.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { sealBlock } from '@sealedger/protocol/ledger/block-seal.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { startEngine } from './chain-engine.ts';
import { chainFiles, claimDirectory, ensureKey } from './chain-files.ts';
import { type JournalContent, type JournalHeader, openJournal, readJournal } from './chain-journal.ts';
import { createChainState, type Head, readBlock, readHead } from './chain-state.ts';

export const EMBEDDED_CHAIN_ID = 20221;

export type EmbeddedChain = {
  /** Offers what chain-state.ts lists. @throws {ProtocolError} CHAIN_METHOD_NOT_ALLOWED, CHAIN_STOPPED */
  readonly rpc: Rpc;
  readonly chainId: number;
  /** Hash of block 0, 64 hex digits. */
  readonly genesisHash: string;
  /** Number of the latest block. */
  readonly head: number;
  /** secp256k1 key of the founder's account, 32 bytes of hex. */
  readonly founderKeyHex: string;
  /** Ed25519 key of the validator, 64 hex digits. */
  readonly validator: string;
  /** Waits for what is in hand, then ends; the data directory is free afterwards. */
  close(): Promise<void>;
};

export type EmbeddedChainOptions = {
  readonly dataDir: string;
  /** Default {@link EMBEDDED_CHAIN_ID}; a journal's own chain id must be the same. */
  readonly chainId?: number;
  /** Unix milliseconds; the time of blocks, which never goes back. */
  readonly now: () => number;
  /** Told what the operator should know, in English. */
  readonly notice: (text: string) => void;
};

/**
 * Opens the chain of a data directory, or begins one.
 * @throws {ProtocolError} CHAIN_JOURNAL_CORRUPT, CHAIN_DIRECTORY_IN_USE, MALFORMED_HEX (a key file)
 */
export async function openEmbeddedChain(options: EmbeddedChainOptions): Promise<EmbeddedChain> {
  const release = await claimDirectory(options.dataDir);
  try {
    return await openClaimed(options, release);
  } catch (cause) {
    await release();
    throw cause;
  }
}

async function openClaimed(options: EmbeddedChainOptions, release: () => Promise<void>): Promise<EmbeddedChain> {
  const files = chainFiles(options.dataDir);
  const founderKeyHex = await ensureKey(files.founderKey);
  const validatorKey = fromHex(await ensureKey(files.validatorKey));
  const content = await readJournal(files.journal);
  if (content !== null && content.tornBytes > 0) {
    options.notice(`the journal's last line was not finished and was cut off (${content.tornBytes} bytes)`);
  }
  const chainId = options.chainId ?? content?.header.chainId ?? EMBEDDED_CHAIN_ID;
  const genesisSeconds = content?.header.genesisSeconds ?? Math.floor(options.now() / 1000);
  const engine = await startEngine(chainId, genesisSeconds);
  try {
    const header = await headerOf(engine.rpc, chainId, genesisSeconds);
    const head =
      content === null ? await readHead(engine.rpc) : await replay(engine.rpc, header, content, options.notice);
    const journal = await openJournal(files.journal, content === null ? header : null);
    const state = createChainState(engine, journal, head, options.now, (block) =>
      sealBlock({ chainId, ...block }, validatorKey),
    );
    return {
      rpc: { request: state.request },
      chainId,
      genesisHash: header.genesisHash,
      get head() {
        return state.head().number;
      },
      founderKeyHex,
      validator: toHex(ed25519.getPublicKey(validatorKey)),
      close: async () => {
        await state.close();
        await release();
      },
    };
  } catch (cause) {
    await engine.close();
    throw cause;
  }
}

async function headerOf(rpc: Rpc, chainId: number, genesisSeconds: number): Promise<JournalHeader> {
  const { blockHash } = await readBlock(rpc, '0x0');
  return { journal: domains.chainJournal, chainId, genesisSeconds, genesisHash: blockHash };
}

/** @throws {ProtocolError} CHAIN_JOURNAL_CORRUPT at the first line whose block comes out differently. */
async function replay(
  rpc: Rpc,
  header: JournalHeader,
  content: JournalContent,
  notice: (text: string) => void,
): Promise<Head> {
  if (content.header.chainId !== header.chainId) throw corrupt(1, `chain id ${content.header.chainId}`);
  if (content.header.genesisHash !== header.genesisHash) throw corrupt(1, 'block 0 has another hash');
  let head = await readHead(rpc);
  for (const [i, entry] of content.entries.entries()) {
    try {
      await rpc.request('evm_setNextBlockTimestamp', [entry.timestamp]);
      await rpc.request('eth_sendRawTransaction', [entry.raw]);
    } catch (cause) {
      throw corrupt(i + 2, 'the transaction is refused', cause);
    }
    head = await readHead(rpc);
    if (head.hash !== entry.blockHash) throw corrupt(i + 2, `block ${head.number} has another hash`);
  }
  if (content.entries.length > 0) notice(`${content.entries.length} blocks replayed`);
  return head;
}

function corrupt(line: number, reason: string, cause?: unknown): ProtocolError {
  return new ProtocolError('CHAIN_JOURNAL_CORRUPT', { line, reason }, { cause });
}
