/**
 * One bundle out of the parts that several nodes gave.
 *
 * Merging verifies nothing: it refuses parts that are about different things, and leaves the rest to the verifier.
 */
import { canonicalText } from '../canonical.ts';
import { ProtocolError } from '../errors.ts';
import type { Bundle, BundleBlock } from './bundle.ts';
import { orderBundle } from './bundle-order.ts';
import { readHeader } from './receipt-proof.ts';

/**
 * Joins parts about one subject on one chain; the seals of a block are united.
 * @param parts - at least one.
 * @throws {ProtocolError} BUNDLE_PARTS_DIFFER where subject or chain differ, or one organisation gave two different parts; BLOCK_HEADER_MALFORMED.
 */
export function mergeBundles(parts: readonly Bundle[]): Bundle {
  const [first] = parts;
  if (first === undefined) throw new ProtocolError('BUNDLE_PARTS_DIFFER', { what: 'number of parts' });
  for (const what of ['subject', 'chain'] as const) {
    const expected = canonicalText(first[what]);
    if (parts.some((part) => canonicalText(part[what]) !== expected)) {
      throw new ProtocolError('BUNDLE_PARTS_DIFFER', { what });
    }
  }
  const statements = parts.flatMap((part) => part.statements);
  for (const { statement } of statements) {
    const same = statements.filter((other) => other.statement.org === statement.org);
    if (new Set(same.map(canonicalText)).size > 1) {
      throw new ProtocolError('BUNDLE_PARTS_DIFFER', { what: `the part of ${statement.org}` });
    }
  }
  return orderBundle({
    ...first,
    blocks: mergeBlocks(parts.flatMap(({ blocks }) => blocks)),
    receipts: parts.flatMap(({ receipts }) => receipts),
    checkpoints: parts.flatMap(({ checkpoints }) => checkpoints),
    consistency: parts.flatMap(({ consistency }) => consistency),
    statements,
    items: parts.flatMap(({ items }) => items),
  });
}

/**
 * One header for each block. Where the seals stand in it, nodes of a chain hold different choices of them under one hash: the
 * one with the most is taken, of equals the first in order of the bytes.
 */
function mergeBlocks(blocks: readonly BundleBlock[]): BundleBlock[] {
  const byHash = Map.groupBy(blocks, ({ header }) => readHeader(header).hash);
  return [...byHash.values()].map((same) => {
    const byValidator = new Map(same.flatMap(({ seals }) => seals).map((seal) => [seal.validator, seal]));
    const seals = [...byValidator.values()].sort((a, b) => (a.validator < b.validator ? -1 : 1));
    const [best] = [...new Set(same.map(({ header }) => header))].sort(byMostSeals);
    return { header: best!, seals };
  });
}

function byMostSeals(a: string, b: string): number {
  const seals = (header: string): number => readHeader(header).commit?.seals.length ?? 0;
  return seals(b) - seals(a) || (a < b ? -1 : 1);
}
