/**
 * Leaves and nodes of a row commitment, four SHA-256 at a time in WebAssembly: a call of the platform's own hash for each of
 * them costs several times as much as the hash.
 *
 * The bytes are those of protocol/row-commitment.ts and protocol/merkle.ts, which tests hold against this.
 */
import { KERNEL_BASE64 } from './commitment-kernel.generated.ts';

/** Exports of node/catalogue/assembly/sha256.ts; all arguments are addresses or counts. */
interface KernelExports {
  readonly leafHashes: (
    schema: number,
    salts: number,
    high: number,
    low: number,
    count: number,
    leaves: number,
  ) => void;
  readonly nodeLevel: (hashes: number, pairs: number) => void;
}

export interface BatchDigests {
  /** 16 bytes a row. */
  readonly salts: Uint8Array;
  /** First and second half of the rows' digests, as DuckDB keeps UUIDs. */
  readonly high: Uint8Array;
  readonly low: Uint8Array;
  readonly count: number;
}

const PAGE_BYTES = 65_536;
const HASH_BYTES = 32;
const WORD_BYTES = 16;
const LANES = 4;
/** Below lie the kernel's own constants and blocks. */
const SCHEMA = PAGE_BYTES;
const ROWS = 2 * PAGE_BYTES;

let compiled: WebAssembly.Module | undefined;

/** An instance for batches of one table; holds one batch at a time. Not reentrant. */
export class CommitmentKernel {
  readonly #memory: WebAssembly.Memory;
  readonly #wasm: KernelExports;
  readonly #maxRows: number;

  /** @param schema - 32 bytes. @param maxRows - of a batch. */
  constructor(schema: Uint8Array, maxRows: number) {
    this.#maxRows = roundUp(maxRows);
    const bytes = ROWS + this.#maxRows * (3 * WORD_BYTES + HASH_BYTES);
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'));
    const instance = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } });
    this.#wasm = instance.exports as unknown as KernelExports;
    this.#at(SCHEMA, HASH_BYTES).set(schema);
  }

  /**
   * Leaf hashes of a batch, one after another; a view that the next call changes.
   * @throws {RangeError} where the batch has more rows than there is room for
   */
  leaves({ salts, high, low, count }: BatchDigests): Uint8Array {
    if (count > this.#maxRows) throw new RangeError(`${count} rows in a kernel for ${this.#maxRows}`);
    const places = [salts, high, low].map((words, i) => {
      const place = ROWS + i * this.#maxRows * WORD_BYTES;
      this.#at(place, count * WORD_BYTES).set(words.subarray(0, count * WORD_BYTES));
      return place;
    });
    this.#wasm.leafHashes(SCHEMA, places[0]!, places[1]!, places[2]!, roundUp(count), this.#hashes);
    return this.#at(this.#hashes, count * HASH_BYTES);
  }

  /** Root over the leaves of the last {@link CommitmentKernel.leaves}, which it overwrites. @param count - at least 1. */
  root(count: number): Uint8Array {
    for (let size = count; size > 1; size = Math.ceil(size / 2)) {
      const pairs = Math.floor(size / 2);
      // The last of an odd level moves up as it is, as RFC 9162 splits; empty lanes would write over it.
      const last = size % 2 === 1 ? this.#hash(size - 1).slice() : null;
      this.#wasm.nodeLevel(this.#hashes, roundUp(pairs));
      if (last !== null) this.#hash(pairs).set(last);
    }
    return this.#hash(0).slice();
  }

  get #hashes(): number {
    return ROWS + 3 * this.#maxRows * WORD_BYTES;
  }

  #hash(index: number): Uint8Array {
    return this.#at(this.#hashes + index * HASH_BYTES, HASH_BYTES);
  }

  #at(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, bytes);
  }
}

/** To whole vectors: what fills the last one is computed and not looked at. */
function roundUp(count: number): number {
  return Math.ceil(count / LANES) * LANES;
}
