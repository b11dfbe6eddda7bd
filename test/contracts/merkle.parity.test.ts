/** The Merkle rules of protocol/merkle.ts and of MerkleLog.sol answer alike, for proofs that hold and for broken ones. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesToRpc } from '@sealedger/protocol/ledger/ids.ts';
import * as merkle from '@sealedger/protocol/merkle.ts';
import fc from 'fast-check';
import { createEmptyWorld, type World } from './world.ts';

const parameters = { seed: 9162, numRuns: 150 };
const MAX_LEAVES = 40;
let world: World;

before(async () => {
  world = await createEmptyWorld();
});
after(() => world.close());

const leaves = Array.from({ length: MAX_LEAVES }, (_, i) => merkle.leafHash(Uint8Array.of(i)));
const rootOf = (size: number) => merkle.merkleRoot(leaves.slice(0, size));

/** What is done to a proof: nothing, or one change to one of its parts. */
type Damage = { readonly kind: 'none' | 'flip' | 'drop' | 'repeat' | 'size' | 'index'; readonly at: number };
const damages: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('none', 'flip', 'drop', 'repeat', 'size', 'index'),
  at: fc.nat({ max: 4095 }),
});

function damagedProof(proof: readonly Uint8Array[], { kind, at }: Damage): Uint8Array[] {
  const copy = proof.map((hash) => hash.slice());
  if (copy.length === 0) return copy;
  const place = at % copy.length;
  if (kind === 'flip') copy[place]![at % 32]! ^= 1 << (at % 8);
  if (kind === 'drop') copy.splice(place, 1);
  if (kind === 'repeat') copy.splice(place, 0, copy[place]!.slice());
  return copy;
}

async function onChain(name: string, args: readonly unknown[]): Promise<boolean> {
  return (await world.view('evidence', name, args))[0] === true;
}

test('inclusion', async () => {
  let accepted = 0;
  const property = async (size: number, place: number, damage: Damage) => {
    const own = place % size;
    const root = rootOf(size);
    const proof = damagedProof(merkle.inclusionProof(leaves.slice(0, size), own), damage);
    const treeSize = damage.kind === 'size' ? damage.at % (2 * MAX_LEAVES) : size;
    const index = damage.kind === 'index' ? damage.at % MAX_LEAVES : own;
    const here = merkle.verifyInclusion({ leafHash: leaves[own]!, index, treeSize, proof, root });
    const words = [bytesToRpc(leaves[own]!), index, treeSize, proof.map(bytesToRpc), bytesToRpc(root)];
    assert.equal(await onChain('verifyInclusion', words), here);
    accepted += Number(here);
  };
  const size = fc.integer({ min: 1, max: MAX_LEAVES });
  await fc.assert(fc.asyncProperty(size, fc.nat(), damages, property), parameters);
  assert.ok(accepted > 10 && accepted < 140, `${accepted} accepted: both answers must occur`);
});

test('consistency', async () => {
  let accepted = 0;
  const property = async (a: number, b: number, damage: Damage) => {
    const [size1, size2] = [Math.min(a, b), Math.max(a, b)];
    const proof = damagedProof(merkle.consistencyProof(leaves.slice(0, size2), size1), damage);
    const [root1, root2] = [rootOf(size1), rootOf(size2)];
    const claimed1 = damage.kind === 'index' ? damage.at % MAX_LEAVES : size1;
    const claimed2 = damage.kind === 'size' ? damage.at % (2 * MAX_LEAVES) : size2;
    const here = merkle.verifyConsistency({ size1: claimed1, root1, size2: claimed2, root2, proof });
    const words = [claimed1, claimed2, proof.map(bytesToRpc), bytesToRpc(root1), bytesToRpc(root2)];
    assert.equal(await onChain('verifyConsistency', words), here);
    accepted += Number(here);
  };
  const size = fc.integer({ min: 1, max: MAX_LEAVES });
  await fc.assert(fc.asyncProperty(size, size, damages, property), parameters);
  assert.ok(accepted > 10 && accepted < 140, `${accepted} accepted: both answers must occur`);
});
