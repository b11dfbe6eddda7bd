/**
 * Reads the chain on from the cursor, block by block, under the pins of the trust file.
 *
 * Trust: the pins alone. Where no validator is pinned and no block is, the chain is the RPC's word, and that is said.
 */
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { sealsOf } from '@sealedger/protocol/evidence/chain-prover.ts';
import { type ChainPoint, type WalkedBlock, walkChain } from '@sealedger/protocol/evidence/chain-walk.ts';
import { pinnedContracts, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { askQuantity } from '@sealedger/protocol/ledger/json-rpc.ts';
import { type Ed25519, nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { ClaimList } from '../verify/claims.ts';
import { proveFacts } from '../verify/facts.ts';
import type { Archive } from './archive.ts';
import type { FindingList } from './findings.ts';
import type { Fact } from './requests.ts';

/** Blocks between two seals that are checked, and between two moves of the cursor. */
const LEG = 2000;
/** Codes of errors by which an RPC shows that it does not tell the chain as it is. */
const LIES = [
  'CHAIN_WALK_BROKEN',
  'BLOCK_HEADER_MISMATCH',
  'BLOCK_HEADER_MALFORMED',
  'RECEIPT_PROOF_INVALID',
  'AUDIT_BLOCK_UNSEALED',
  'SCHEMA_MISMATCH',
] as const;

export type ChainReading = {
  readonly rpc: Rpc;
  readonly trust: Trust;
  readonly archive: Archive;
  readonly ed25519?: Ed25519 | undefined;
  /** Blocks on top before a block counts. */
  readonly confirmations: number;
  readonly onProgress?: ((block: number, head: number) => void) | undefined;
};

/**
 * Takes in everything that is new on the chain.
 * @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_REPLY_MALFORMED; CHAIN_MISMATCH where it is another chain
 */
export async function readChain(reading: ChainReading, findings: FindingList): Promise<void> {
  const { rpc, trust, archive, confirmations } = reading;
  const chainId = Number(await askQuantity(rpc, 'eth_chainId', []));
  if (chainId !== trust.chainId) {
    throw new ProtocolError('CHAIN_MISMATCH', { what: 'chain id', found: chainId, expected: trust.chainId });
  }
  const head = Number(await askQuantity(rpc, 'eth_blockNumber', [])) - confirmations;
  try {
    if (head < archive.state.head.number) reportBehind(archive, head, findings);
    else await advance(reading, head);
  } catch (error) {
    if (!isProtocolError(error) || !LIES.some((code) => code === error.code)) throw error;
    const { number } = archive.state.head;
    const block = Number(error.details['block'] ?? error.details['number'] ?? number + 1);
    findings.add({
      code: 'FINDING_CHAIN_UNPROVEN',
      org: null,
      requestId: null,
      about: `after block ${number}`,
      details: { block, why: error.code },
    });
  }
}

function reportBehind(archive: Archive, head: number, findings: FindingList): void {
  const { number } = archive.state.head;
  findings.add({
    code: 'FINDING_CHAIN_BEHIND',
    org: null,
    requestId: null,
    about: `block ${number}`,
    details: { block: number, found: head },
  });
}

async function advance(reading: ChainReading, head: number): Promise<void> {
  const { rpc, trust, archive } = reading;
  await assertSameHead(rpc, archive);
  while (archive.state.head.number < head) {
    const from = await startOf(reading, head);
    const to = Math.min(head, from.number + LEG);
    const facts: Fact[] = [];
    let last: WalkedBlock | undefined;
    await walkChain(rpc, pinnedContracts(trust), { from, to }, async (blocks) => {
      for (const block of blocks) {
        assertPinned(block, trust);
        const timeMs = 1000 * block.timestampSeconds;
        for (const event of block.events) facts.push({ event, timeMs });
      }
      last = blocks.at(-1);
      reading.onProgress?.(last!.number, head);
    });
    const provenTo = (await isSealed(reading, last!)) ? to : pinnedTo(trust, to);
    await archive.addFacts(facts, { number: to, hash: last!.hash, timeMs: 1000 * last!.timestampSeconds }, provenTo);
  }
}

/**
 * The block to go on from: the cursor, or at the very first the one before the contracts. Of that one only the RPC knows the
 * hash; it counts because the sealed block at the end commits to every block before it.
 */
async function startOf({ rpc, trust, archive }: ChainReading, head: number): Promise<ChainPoint> {
  const before = Math.min((trust.firstBlock ?? 1) - 1, head - 1);
  if (archive.state.head.number > 0 || before < 1) return archive.state.head;
  return { number: before, hash: await hashOf(rpc, before) };
}

/** The block at the cursor is still the one that was read. */
async function assertSameHead(rpc: Rpc, archive: Archive): Promise<void> {
  const { number, hash } = archive.state.head;
  if ((await hashOf(rpc, number)) !== hash) throw new ProtocolError('CHAIN_WALK_BROKEN', { block: number });
}

/** What the RPC says is the hash of a block; empty where it says none. */
async function hashOf(rpc: Rpc, number: number): Promise<string> {
  const answer = await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
  const hash = typeof answer === 'object' && answer !== null && 'hash' in answer ? String(answer.hash) : '';
  return hash.slice(2);
}

function assertPinned({ number, hash }: WalkedBlock, { checkpoint }: Trust): void {
  if (checkpoint?.number === number && checkpoint.hash !== hash)
    throw new ProtocolError('CHAIN_WALK_BROKEN', { block: number });
}

/** Up to where a chain without pinned validators is proven: the pinned block, once it was passed. */
function pinnedTo({ checkpoint }: Trust, to: number): number {
  return checkpoint !== undefined && checkpoint.number <= to ? checkpoint.number : 0;
}

/** @returns false where no validator is pinned. @throws {ProtocolError} AUDIT_BLOCK_UNSEALED where pinned ones did not seal it. */
async function isSealed({ rpc, trust, ed25519 }: ChainReading, block: WalkedBlock): Promise<boolean> {
  if (trust.validators.length === 0) return false;
  const seals = await sealsOf(rpc, `0x${block.number.toString(16)}`);
  const blocks = [{ header: block.header, seals: [...seals] }];
  const { headers } = proveFacts({ blocks, receipts: [] }, trust, ed25519 ?? nobleEd25519, new ClaimList());
  if (!headers.has(block.hash)) throw new ProtocolError('AUDIT_BLOCK_UNSEALED', { block: block.number });
  return true;
}
