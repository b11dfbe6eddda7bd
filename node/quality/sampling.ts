/**
 * Which rows a sample consists of: chosen by a seed, the same on every machine, without replacement.
 *
 * Floyd's algorithm over a stream of SHA-256 blocks of the seed; numbers that would favour some rows are thrown away.
 * Source: Bentley and Floyd, Programming Pearls: A Sample of Brilliance (1987).
 */
import { createHash } from 'node:crypto';
import { domains } from '@sealedger/protocol/domains.ts';

const BLOCK_BYTES = 32;
const WORD_BYTES = 6;
const WORD_RANGE = 2 ** (8 * WORD_BYTES);

/**
 * Row numbers of a sample.
 * @param rows - size of the dataset, below 2^48.
 * @param size - rows of the sample; all rows where there are no more.
 * @param seed - any text; who knows it before the data is fixed can choose what is not looked at.
 * @returns 1-based, ascending.
 */
export function sampleRows(rows: number, size: number, seed: string): readonly number[] {
  if (size >= rows) return Array.from({ length: rows }, (_, i) => i + 1);
  const next = numbersOf(seed);
  const chosen = new Set<number>();
  for (let last = rows - size + 1; last <= rows; last++) {
    const row = 1 + below(next, last);
    chosen.add(chosen.has(row) ? last : row);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** A number from 0 to `limit` - 1, all equally likely. */
function below(next: () => number, limit: number): number {
  const fair = WORD_RANGE - (WORD_RANGE % limit);
  for (;;) {
    const word = next();
    if (word < fair) return word % limit;
  }
}

function numbersOf(seed: string): () => number {
  let block = Buffer.alloc(0);
  let counter = 0;
  let offset = BLOCK_BYTES;
  return () => {
    if (offset + WORD_BYTES > block.length) {
      block = createHash('sha256').update(`${domains.sampleChoice}\n${counter++}\n${seed}`).digest();
      offset = 0;
    }
    const word = block.readUIntBE(offset, WORD_BYTES);
    offset += WORD_BYTES;
    return word;
  };
}
