/** RFC 9162 proofs against the contract; vectors of transparency-dev/merkle (Apache-2.0), read from beside the repository. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createEmptyWorld, type World } from './world.ts';

const folder = new URL('../../../shared/vectors/merkle_rfc6962/', import.meta.url);
const MAX_UINT64 = 2n ** 64n;
let world: World;

before(async () => {
  world = await createEmptyWorld();
});
after(() => world.close());

type Case = Readonly<Record<string, unknown>> & { readonly case: string; readonly wantErr: boolean };

/** Integers stay exact: some cases use 2^64 - 1 on purpose. */
function readCases(name: string): readonly Case[] | null {
  const file = new URL(name, folder);
  if (!existsSync(file)) return null;
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? BigInt(context?.source ?? value) : value;
  return JSON.parse(readFileSync(file, 'utf8'), exact as (key: string, value: unknown) => unknown) as Case[];
}

/**
 * Hashes as words; one of another length has no word, and that is how the contract refuses it. The placeholders
 * "don't care 1" and "don't care 2" of the vectors stand for hashes of full length and are filled up.
 */
function words(values: readonly unknown[]): readonly string[] | null {
  const hashes = values.map((value) => Buffer.from(String(value), 'base64'));
  if (hashes.some((hash) => hash.length !== 32 && !hash.toString().startsWith("don't care"))) return null;
  return hashes.map((hash) => `0x${hash.toString('hex').padEnd(64, '0')}`);
}

function fits(...numbers: readonly unknown[]): boolean {
  return numbers.every((number) => (number as bigint) >= 0n && (number as bigint) < MAX_UINT64);
}

async function holds(name: string, args: readonly unknown[]): Promise<boolean> {
  return (await world.view('evidence', name, args))[0] === true;
}

test('inclusion proofs agree with the 98 vectors', async (t) => {
  const cases = readCases('inclusion.json');
  if (cases === null) return t.skip('shared/vectors/merkle_rfc6962 not found: the inclusion vectors were NOT run');
  assert.equal(cases.length, 98);
  for (const vector of cases) {
    const proof = words((vector['proof'] ?? []) as unknown[]);
    const fixed = words([vector['leafHash'], vector['root']]);
    const { leafIdx, treeSize } = vector;
    const accepted =
      proof !== null &&
      fixed !== null &&
      fits(leafIdx, treeSize) &&
      (await holds('verifyInclusion', [fixed[0], leafIdx, treeSize, proof, fixed[1]]));
    assert.equal(accepted, !vector.wantErr, vector.case);
  }
});

test('consistency proofs agree with the 98 vectors', async (t) => {
  const cases = readCases('consistency.json');
  if (cases === null) return t.skip('shared/vectors/merkle_rfc6962 not found: the consistency vectors were NOT run');
  assert.equal(cases.length, 98);
  for (const vector of cases) {
    const proof = words((vector['proof'] ?? []) as unknown[]);
    const roots = words([vector['root1'], vector['root2']]);
    const { size1, size2 } = vector;
    const accepted =
      proof !== null &&
      roots !== null &&
      fits(size1, size2) &&
      (await holds('verifyConsistency', [size1, size2, proof, ...roots]));
    assert.equal(accepted, !vector.wantErr, vector.case);
  }
});

const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hex = (hash: Uint8Array) => `0x${Buffer.from(hash).toString('hex')}`;

/** RFC 9162, section 2.1.1, word by word. */
function rootOf(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 1) return Buffer.from(leaves[0]!);
  const k = splitOf(leaves.length);
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

/** RFC 9162, section 2.1.3.1. */
function pathOf(index: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return index < k ? [...pathOf(index, left), rootOf(right)] : [...pathOf(index - k, right), rootOf(left)];
}

/** RFC 9162, section 2.1.4.1. */
function consistencyOf(size: number, leaves: readonly Uint8Array[], whole = true): Buffer[] {
  if (size === leaves.length) return whole ? [] : [rootOf(leaves)];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  if (size <= k) return [...consistencyOf(size, left, whole), rootOf(right)];
  return [...consistencyOf(size - k, right, false), rootOf(left)];
}

function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1);
}

test('accepts every inclusion proof of the trees of 1 to 17 leaves, and none for the neighbouring leaf', async () => {
  for (let size = 1; size <= 17; size++) {
    const leaves = Array.from({ length: size }, (_, i) => sha256(Uint8Array.of(0, i)));
    const root = hex(rootOf(leaves));
    for (const [index, leaf] of leaves.entries()) {
      const proof = pathOf(index, leaves).map(hex);
      assert.ok(await holds('verifyInclusion', [hex(leaf), index, size, proof, root]), `leaf ${index} of ${size}`);
      assert.ok(!(await holds('verifyInclusion', [hex(leaf), (index + 1) % (size + 1), size, proof, root])));
    }
  }
});

test('accepts every consistency proof between trees of 1 to 17 leaves, and none with a node left out', async () => {
  const leaves = Array.from({ length: 17 }, (_, i) => sha256(Uint8Array.of(0, i)));
  for (let size2 = 1; size2 <= 17; size2++) {
    const later = leaves.slice(0, size2);
    for (let size1 = 1; size1 <= size2; size1++) {
      const proof = consistencyOf(size1, later).map(hex);
      const roots = [hex(rootOf(leaves.slice(0, size1))), hex(rootOf(later))];
      assert.ok(await holds('verifyConsistency', [size1, size2, proof, ...roots]), `${size1} to ${size2}`);
      if (proof.length === 0) continue;
      assert.ok(!(await holds('verifyConsistency', [size1, size2, proof.slice(1), ...roots])));
    }
  }
});

test('answers false for a proof longer than any tree has, without reverting', async () => {
  const proof = Array.from({ length: 66 }, () => hex(sha256(Uint8Array.of(1))));
  const root = hex(sha256());
  assert.equal(await holds('verifyInclusion', [root, 0, MAX_UINT64 - 1n, proof, root]), false);
  assert.equal(await holds('verifyConsistency', [1, MAX_UINT64 - 1n, proof, root, root]), false);
});
