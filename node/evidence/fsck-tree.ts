/** The tree as the events give it, built again leaf by leaf and held against tiles, checkpoints and anchors. */
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { leafHash, MerkleFrontier, type MerkleNode } from '@sealedger/protocol/merkle.ts';
import { differs } from './fsck-difference.ts';
import { type OpenTiles, placeNodes, TILE_WIDTH } from './tiles.ts';

const HEX_PER_HASH = 64;

/** Called with the root of exactly `size` events. */
export type RootCheck = { readonly size: number; readonly check: (root: string) => void };

export class RebuiltTree {
  readonly #frontier = new MerkleFrontier();
  readonly #readTile: (key: string) => Promise<string | undefined>;
  readonly #checks: readonly RootCheck[];
  #open: OpenTiles = new Map();
  /** Tiles above the leaves that are not full yet. */
  #growing = new Map<string, string>();
  #next = 0;
  #tiles = 0;

  /** @param checks - in order of their sizes. */
  constructor(readTile: (key: string) => Promise<string | undefined>, checks: readonly RootCheck[]) {
    this.#readTile = readTile;
    this.#checks = checks;
  }

  get size(): number {
    return this.#frontier.size;
  }

  /** Tiles that the events give so far, growing ones included. */
  get tiles(): number {
    return this.#tiles + this.#growing.size;
  }

  root(): string {
    return toHex(this.#frontier.root());
  }

  /** The stored form of the tree's right edge. */
  edge(): ReturnType<MerkleFrontier['toJSON']> {
    return this.#frontier.toJSON();
  }

  /** Takes the next leaves; compares what they complete. @throws {DifferenceFound} */
  async append(leafTexts: readonly string[]): Promise<void> {
    const completed: MerkleNode[] = [];
    for (const text of leafTexts) {
      completed.push(...this.#frontier.append(leafHash(utf8(text))));
      this.#checkRoots();
    }
    const { open, writes } = placeNodes(this.#open, completed);
    this.#open = open;
    for (const { key, value } of writes) {
      if (value.length < TILE_WIDTH * HEX_PER_HASH) {
        this.#growing.set(key, value);
        continue;
      }
      this.#growing.delete(key);
      this.#tiles += 1;
      await this.#compare(key, value);
    }
  }

  /** Compares the tiles that are not full. @throws {DifferenceFound} */
  async finish(): Promise<void> {
    for (const [key, value] of this.#growing) await this.#compare(key, value);
  }

  #checkRoots(): void {
    for (let next = this.#checks[this.#next]; next?.size === this.size; next = this.#checks[++this.#next]) {
      next.check(this.root());
    }
  }

  async #compare(key: string, expected: string): Promise<void> {
    const stored = await this.#readTile(key);
    if (stored === undefined) return differs('FSCK_MISSING', key, 'present', 'absent');
    if (stored === expected) return;
    let equal = 0;
    while (equal < expected.length && stored[equal] === expected[equal]) equal += 1;
    differs('FSCK_TILE', key, expected.length / HEX_PER_HASH, Math.floor(equal / HEX_PER_HASH));
  }
}
