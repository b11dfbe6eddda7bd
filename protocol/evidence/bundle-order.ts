/** The one order of a bundle's parts; two bundles with the same parts are the same file. */
import type { Bundle, BundleBlock, BundleConsistency, BundleItem, BundleReceipt, SignedStatement } from './bundle.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { organisationOfSource } from './event.ts';
import { type BlockHeader, readHeader } from './receipt-proof.ts';

type Key = readonly (string | number)[];

const headers = new WeakMap<BundleBlock, BlockHeader>();

/** The header of a block, hashed once for each block that code holds. @throws {ProtocolError} BLOCK_HEADER_MALFORMED */
export function headerOf(block: BundleBlock): BlockHeader {
  const known = headers.get(block) ?? readHeader(block.header);
  headers.set(block, known);
  return known;
}

/** What makes two parts the same part, and gives their order. */
export type PartKeys = {
  readonly blocks: (block: BundleBlock) => Key;
  readonly receipts: (receipt: BundleReceipt) => Key;
  readonly checkpoints: (checkpoint: SignedCheckpoint) => Key;
  readonly consistency: (consistency: BundleConsistency) => Key;
  readonly statements: (statement: SignedStatement) => Key;
  readonly items: (item: BundleItem) => Key;
};

/**
 * Keys of the parts of one bundle.
 * @throws {ProtocolError} BLOCK_HEADER_MALFORMED
 */
export function partKeys(blocks: readonly BundleBlock[]): PartKeys {
  const numbers = new Map(blocks.map(headerOf).map(({ hash, number }) => [hash, number]));
  return {
    blocks: (block) => {
      const { number, hash } = headerOf(block);
      return [number, hash];
    },
    receipts: ({ block, transactionIndex }) => [numbers.get(block) ?? -1, block, transactionIndex],
    checkpoints: ({ checkpoint, keyEpoch }) => [checkpoint.org, checkpoint.size, keyEpoch],
    consistency: ({ org, from, to }) => [org, from, to],
    statements: ({ statement }) => [statement.org],
    items: ({ signed, log }) => [organisationOfSource(signed.event.source) ?? '', log.leafIndex],
  };
}

/** Below 0, 0 or above 0 as `a` stands before, at or after `b`. */
export function compareKeys(a: Key, b: Key): number {
  for (const [i, part] of a.entries()) {
    const other = b[i]!;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

/** Whether parts stand in strictly rising order, so that none occurs twice. */
export function isOrdered<T>(parts: readonly T[], keyOf: (part: T) => Key): boolean {
  return parts.every((part, i) => i === 0 || compareKeys(keyOf(parts[i - 1]!), keyOf(part)) < 0);
}

/** Parts in order, each once. */
export function ordered<T>(parts: readonly T[], keyOf: (part: T) => Key): T[] {
  const sorted = [...parts].sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
  return sorted.filter((part, i) => i === 0 || compareKeys(keyOf(sorted[i - 1]!), keyOf(part)) !== 0);
}

/** A bundle with its parts in order. @throws {ProtocolError} BLOCK_HEADER_MALFORMED */
export function orderBundle(bundle: Bundle): Bundle {
  const keys = partKeys(bundle.blocks);
  return {
    ...bundle,
    blocks: ordered(bundle.blocks, keys.blocks),
    receipts: ordered(bundle.receipts, keys.receipts),
    checkpoints: ordered(bundle.checkpoints, keys.checkpoints),
    consistency: ordered(bundle.consistency, keys.consistency),
    statements: ordered(bundle.statements, keys.statements),
    items: ordered(bundle.items, keys.items),
  };
}
