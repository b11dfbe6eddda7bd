/**
 * What the chain said, as far as the bundle proves it under the verifier's own pins.
 *
 * Everything else in the verifier rests on these facts: keys, checkpoints, decisions, counts. A block that no pinned
 * validator sealed gives none.
 */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle, BundleBlock, BundleReceipt } from '@sealedger/protocol/evidence/bundle.ts';
import { headerOf } from '@sealedger/protocol/evidence/bundle-order.ts';
import { type BlockHeader, type ReceiptLog, readProvenLogs } from '@sealedger/protocol/evidence/receipt-proof.ts';
import { findSeals, type SealFinding } from '@sealedger/protocol/evidence/seals.ts';
import { pinnedContracts, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import { decodeEvent, type EventName, type EventOf, type LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';
import type { ClaimList } from './claims.ts';

export type ProvenFacts = {
  /** In order of the chain; `logIndex` counts within the receipt. */
  readonly events: readonly LedgerEvent[];
  readonly headers: ReadonlyMap<string, BlockHeader>;
  readonly lastBlock: number;
};

const NO_TRANSACTION_HASH = `0x${'00'.repeat(32)}`;

/** Checks seals and receipt proofs. @returns the events that are proven. */
export function proveFacts(
  bundle: Pick<Bundle, 'blocks' | 'receipts'>,
  trust: Trust,
  ed25519: Ed25519,
  claims: ClaimList,
): ProvenFacts {
  const headers = new Map<string, BlockHeader>();
  const read = bundle.blocks.map((block) => ({ block, header: headerOf(block) }));
  const vouchedFor = ancestorsOf(trust.checkpoint, new Map(read.map(({ header }) => [header.hash, header])));
  for (const { block, header } of read) {
    if (checkSeals(block, header, vouchedFor, { trust, ed25519, claims })) headers.set(header.hash, header);
  }
  const events = bundle.receipts.flatMap((receipt) => factsOf(receipt, headers, trust, claims));
  const numbers = [...headers.values()].map(({ number }) => number);
  return { events: events.sort(byPlace), headers, lastBlock: Math.max(0, ...numbers) };
}

/** The proven events of one name. */
export function factsNamed<N extends EventName>(facts: ProvenFacts, name: N): readonly EventOf<N>[] {
  return facts.events.filter((event): event is EventOf<N> => event.name === name);
}

/** Hashes of the pinned block and of those before it, as far as the headers hang together. */
function ancestorsOf(pinned: Trust['checkpoint'], headers: ReadonlyMap<string, BlockHeader>): ReadonlySet<string> {
  const hashes = new Set<string>();
  let header = pinned === undefined ? undefined : headers.get(pinned.hash);
  while (header !== undefined && !hashes.has(header.hash)) {
    hashes.add(header.hash);
    header = headers.get(header.parentHash);
  }
  return hashes;
}

/** @returns whether facts of this block may be used: not where a seal is wrong or one is missing. */
function checkSeals(
  block: BundleBlock,
  header: BlockHeader,
  vouchedFor: ReadonlySet<string>,
  { trust, ed25519, claims }: { readonly trust: Trust; readonly ed25519: Ed25519; readonly claims: ClaimList },
): boolean {
  const about = `block ${header.number}`;
  if (trust.checkpoint?.number === header.number && trust.checkpoint.hash !== header.hash) {
    claims.fails('BLOCK_SEALED', about, 'WHY_BLOCK_NOT_THE_PINNED');
    return false;
  }
  const found = findSeals(header, block.seals, trust, ed25519);
  // a pinned block and those before it need no seal, but a wrong one spoils them
  const finding: SealFinding = vouchedFor.has(header.hash) && found.kind !== 'wrong seal' ? { kind: 'sealed' } : found;
  switch (finding.kind) {
    case 'sealed':
      claims.holds('BLOCK_SEALED', about);
      return true;
    case 'nobody pinned':
      claims.isOpen('BLOCK_SEALED', about, 'WHY_NO_VALIDATOR_PINNED');
      return true;
    case 'wrong seal':
      claims.fails('BLOCK_SEALED', about, 'WHY_SEAL_WRONG', { validator: finding.validator });
      return false;
    case 'too few':
      claims.fails('BLOCK_SEALED', about, 'WHY_SEALS_MISSING', { found: finding.found, needed: finding.needed });
      return false;
  }
}

function factsOf(
  receipt: BundleReceipt,
  headers: ReadonlyMap<string, BlockHeader>,
  trust: Trust,
  claims: ClaimList,
): LedgerEvent[] {
  const header = headers.get(receipt.block);
  const about = `receipt ${header?.number ?? '?'}/${receipt.transactionIndex}`;
  if (header === undefined) {
    claims.fails('RECEIPT_PROVEN', about, 'WHY_BLOCK_NOT_PROVEN');
    return [];
  }
  try {
    const logs = readProvenLogs(header.receiptsRoot, receipt.transactionIndex, receipt.proof);
    const events = logs.flatMap((log, logIndex) => eventOf(log, logIndex, receipt, header, trust));
    claims.holds('RECEIPT_PROVEN', about);
    return events;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    claims.fails('RECEIPT_PROVEN', about, 'WHY_RECEIPT_PROOF', { code: error.code });
    return [];
  }
}

function eventOf(
  log: ReceiptLog,
  logIndex: number,
  receipt: BundleReceipt,
  header: BlockHeader,
  trust: Trust,
): LedgerEvent[] {
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const raw = {
    address: log.address,
    topics: [...log.topics],
    data: log.data,
    blockNumber: hex(header.number),
    blockHash: `0x${header.hash}`,
    // A receipt does not carry its transaction's hash; its place identifies it.
    transactionHash: NO_TRANSACTION_HASH,
    transactionIndex: hex(receipt.transactionIndex),
    logIndex: hex(logIndex),
  };
  const event = decodeEvent(raw, pinnedContracts(trust));
  return event === null ? [] : [event];
}

function byPlace(a: LedgerEvent, b: LedgerEvent): number {
  return a.blockNumber - b.blockNumber || a.transactionIndex - b.transactionIndex || a.logIndex - b.logIndex;
}
