import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uint32be } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  MerkleFrontier,
  merkleRoot,
  type NodeReader,
  readConsistencyProof,
  readInclusionProof,
  readRoot,
  verifyConsistency,
  verifyInclusion,
} from '@sealedger/protocol/merkle.ts';
import fc from 'fast-check';

const SEED = 20260102;
const MAX_LEAVES = 70;

const leaves = Array.from({ length: MAX_LEAVES }, (_, i) => leafHash(uint32be(i)));
const roots = Array.from({ length: MAX_LEAVES + 1 }, (_, size) => merkleRoot(leaves.slice(0, size)));

/** A log that kept every node which an append completed, and fails a test that reads any other. */
function storedLog(size: number): NodeReader {
  const nodes = new Map<string, Uint8Array>();
  const frontier = new MerkleFrontier();
  for (const leaf of leaves.slice(0, size)) {
    for (const node of frontier.append(leaf)) nodes.set(`${node.level}/${node.index}`, node.hash);
  }
  return async (level, index) => nodes.get(`${level}/${index}`) ?? assert.fail(`no node ${level}/${index}`);
}

function withBitFlipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[(bit >> 3) % out.length]! ^= 1 << (bit & 7);
  return out;
}

test('proves every leaf of every tree up to 70 leaves, from an array and from a stored log alike', async () => {
  const read = storedLog(MAX_LEAVES);
  for (let treeSize = 1; treeSize <= MAX_LEAVES; treeSize++) {
    const root = await readRoot(read, treeSize);
    assert.deepEqual(root, roots[treeSize]);
    for (let index = 0; index < treeSize; index++) {
      const proof = inclusionProof(leaves.slice(0, treeSize), index);
      assert.deepEqual(await readInclusionProof(read, index, treeSize), proof);
      assert.ok(verifyInclusion({ leafHash: leaves[index]!, index, treeSize, proof, root }));
    }
  }
});

test('proves consistency of every pair of sizes up to 70, from an array and from a stored log alike', async () => {
  const read = storedLog(MAX_LEAVES);
  for (let size2 = 1; size2 <= MAX_LEAVES; size2++) {
    for (let size1 = 1; size1 <= size2; size1++) {
      const proof = consistencyProof(leaves.slice(0, size2), size1);
      assert.deepEqual(await readConsistencyProof(read, size1, size2), proof);
      assert.ok(verifyConsistency({ size1, root1: roots[size1]!, size2, root2: roots[size2]!, proof }));
    }
  }
});

test('refuses an inclusion proof with any flipped bit, another index or another size', () => {
  const property = fc.property(
    fc.integer({ min: 2, max: MAX_LEAVES }),
    fc.nat(),
    fc.nat(),
    fc.nat({ max: 255 }),
    (treeSize, at, where, bit) => {
      const index = at % treeSize;
      const proof = inclusionProof(leaves.slice(0, treeSize), index);
      const claim = { leafHash: leaves[index]!, index, treeSize, proof, root: roots[treeSize]! };
      const broken = proof.map((hash, i) => (i === where % proof.length ? withBitFlipped(hash, bit) : hash));
      assert.ok(!verifyInclusion({ ...claim, proof: broken }));
      assert.ok(!verifyInclusion({ ...claim, leafHash: withBitFlipped(claim.leafHash, bit) }));
      assert.ok(!verifyInclusion({ ...claim, root: withBitFlipped(claim.root, bit) }));
      assert.ok(!verifyInclusion({ ...claim, index: (index + 1) % treeSize }));
      assert.ok(!verifyInclusion({ ...claim, proof: [...proof, leaves[0]!] }));
      assert.ok(!verifyInclusion({ ...claim, proof: proof.slice(1) }));
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 400 });
});

test('refuses a consistency proof with any flipped bit, surplus hash or missing hash', () => {
  const property = fc.property(
    fc.integer({ min: 2, max: MAX_LEAVES }),
    fc.nat(),
    fc.nat(),
    fc.nat({ max: 255 }),
    (size2, at, where, bit) => {
      const size1 = 1 + (at % (size2 - 1));
      const proof = consistencyProof(leaves.slice(0, size2), size1);
      const claim = { size1, root1: roots[size1]!, size2, root2: roots[size2]!, proof };
      const broken = proof.map((hash, i) => (i === where % proof.length ? withBitFlipped(hash, bit) : hash));
      assert.ok(!verifyConsistency({ ...claim, proof: broken }));
      assert.ok(!verifyConsistency({ ...claim, root1: withBitFlipped(claim.root1, bit) }));
      assert.ok(!verifyConsistency({ ...claim, root2: withBitFlipped(claim.root2, bit) }));
      assert.ok(!verifyConsistency({ ...claim, proof: [...proof, leaves[0]!] }));
      assert.ok(!verifyConsistency({ ...claim, proof: proof.slice(1) }));
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 400 });
});

test('refuses a log that rewrote an earlier leaf', () => {
  const rewritten = leaves.map((leaf, i) => (i === 3 ? leafHash(uint32be(9999)) : leaf));
  const proof = consistencyProof(rewritten, 10);
  assert.ok(
    !verifyConsistency({ size1: 10, root1: roots[10]!, size2: MAX_LEAVES, root2: merkleRoot(rewritten), proof }),
  );
});

test('refuses an empty first tree, and bounds the length of a proof before it looks inside', () => {
  assert.ok(!verifyConsistency({ size1: 0, root1: roots[0]!, size2: 4, root2: roots[4]!, proof: [] }));
  assert.ok(!verifyConsistency({ size1: 0, root1: roots[0]!, size2: 0, root2: roots[0]!, proof: [] }));
  const huge = new Proxy<Uint8Array[]>([], {
    get: (_, property) => (property === 'length' ? 100_000 : assert.fail('looked into an oversized proof')),
  });
  const size = Number.MAX_SAFE_INTEGER;
  assert.ok(!verifyInclusion({ leafHash: leaves[0]!, index: 0, treeSize: size, proof: huge, root: roots[1]! }));
  assert.ok(!verifyConsistency({ size1: 3, root1: roots[3]!, size2: size, root2: roots[4]!, proof: huge }));
});

test('a verifier follows trees of more than 2^32 leaves', () => {
  const treeSize = 2 ** 40 + 1;
  const proof = [merkleRoot(leaves.slice(0, 3))];
  const root = leafPair(proof[0]!, leaves[7]!);
  assert.ok(verifyInclusion({ leafHash: leaves[7]!, index: 2 ** 40, treeSize, proof, root }));
  assert.ok(!verifyInclusion({ leafHash: leaves[7]!, index: 2 ** 40 - 1, treeSize, proof, root }));
  assert.ok(verifyConsistency({ size1: 2 ** 40, root1: proof[0]!, size2: treeSize, root2: root, proof: [leaves[7]!] }));
});

function leafPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  return merkleRoot([left, right]);
}

test('a stored frontier goes on where it was, and a malformed one is refused', () => {
  const property = fc.property(fc.integer({ min: 0, max: MAX_LEAVES }), (size) => {
    const frontier = new MerkleFrontier();
    for (const leaf of leaves.slice(0, size)) frontier.append(leaf);
    const restored = MerkleFrontier.parse(JSON.parse(JSON.stringify(frontier)));
    for (const leaf of leaves.slice(size)) restored.append(leaf);
    assert.deepEqual(restored.root(), roots[MAX_LEAVES]);
    const { hashes } = frontier.toJSON();
    for (const broken of [
      { size: size + 0.5, hashes },
      { size, hashes: [...hashes, '00'.repeat(32)] },
      { size, hashes: hashes.map((hash) => hash.slice(2)).concat(size === 0 ? ['00'] : []) },
    ]) {
      assert.throws(
        () => MerkleFrontier.parse(broken),
        (error) => isProtocolError(error, 'MERKLE_FRONTIER_MALFORMED'),
      );
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 60 });
});

test('refuses to prove what is outside the tree', async () => {
  const isRange = (error: unknown) => isProtocolError(error, 'MERKLE_RANGE');
  for (const index of [-1, 3, 0.5, Number.NaN]) assert.throws(() => inclusionProof(leaves.slice(0, 3), index), isRange);
  for (const size1 of [0, 4, -1]) assert.throws(() => consistencyProof(leaves.slice(0, 3), size1), isRange);
  assert.throws(() => inclusionProof([], 0), isRange);
  await assert.rejects(readRoot(storedLog(3), -1), isRange);
  assert.throws(
    () => new MerkleFrontier().append(new Uint8Array(31)),
    (error) => isProtocolError(error, 'BYTES_LENGTH'),
  );
});
