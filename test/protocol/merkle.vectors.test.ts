import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import {
  leafHash,
  MerkleFrontier,
  merkleRoot,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from '@sealedger/protocol/merkle.ts';
import { readSharedVectors } from './shared-vectors.ts';

type InclusionCase = {
  leafIdx: number;
  treeSize: number;
  root: string | null;
  leafHash: string | null;
  proof: (string | null)[] | null;
  wantErr: boolean;
  case: string;
};
type ConsistencyCase = {
  size1: number;
  size2: number;
  root1: string | null;
  root2: string | null;
  proof: (string | null)[] | null;
  wantErr: boolean;
  case: string;
};
type ReferenceTree = {
  leaf_inputs_hex: string[];
  node_hashes: string[][];
  root_by_size: string[];
  hasher: { desc: string; want: string }[];
};

function base64(text: string | null): Uint8Array {
  return new Uint8Array(Buffer.from(text ?? '', 'base64'));
}

test('decides the 98 inclusion cases of transparency-dev as the reference does', (t) => {
  const text = readSharedVectors(t, 'merkle_rfc6962/inclusion.json');
  if (text === undefined) return;
  const cases = JSON.parse(text) as InclusionCase[];
  assert.equal(cases.length, 98);
  for (const c of cases) {
    const holds = verifyInclusion({
      leafHash: base64(c.leafHash),
      index: c.leafIdx,
      treeSize: c.treeSize,
      proof: (c.proof ?? []).map(base64),
      root: base64(c.root),
    });
    assert.equal(holds, !c.wantErr, c.case);
  }
});

// The reference compares roots of any length where the sizes are equal; a root that is no hash is refused here.
const ROOTS_OF_12_BYTES = 'consistency/additional/sizes-are-equal-one-and-proof-is-empty';

test('decides the 98 consistency cases of transparency-dev as the reference does, one stricter', (t) => {
  const text = readSharedVectors(t, 'merkle_rfc6962/consistency.json');
  if (text === undefined) return;
  const cases = JSON.parse(text) as ConsistencyCase[];
  assert.equal(cases.length, 98);
  for (const c of cases) {
    const holds = verifyConsistency({
      size1: c.size1,
      root1: base64(c.root1),
      size2: c.size2,
      root2: base64(c.root2),
      proof: (c.proof ?? []).map(base64),
    });
    assert.equal(holds, !c.wantErr && c.case !== ROOTS_OF_12_BYTES, c.case);
  }
  const root = leafHash(utf8('root'));
  assert.ok(verifyConsistency({ size1: 1, root1: root, size2: 1, root2: root, proof: [] }));
});

test('computes every node and root of the reference tree', (t) => {
  const text = readSharedVectors(t, 'merkle_rfc6962/reference_tree.json');
  if (text === undefined) return;
  const tree = JSON.parse(text) as ReferenceTree;
  const leaves = tree.leaf_inputs_hex.map((hex) => leafHash(fromHex(hex)));
  const frontier = new MerkleFrontier();
  assert.equal(toHex(frontier.root()), tree.root_by_size[0]);
  leaves.forEach((leaf, i) => {
    for (const node of frontier.append(leaf)) {
      assert.equal(toHex(node.hash), tree.node_hashes[node.level]![node.index]);
    }
    assert.equal(toHex(frontier.root()), tree.root_by_size[i + 1]);
    assert.equal(toHex(merkleRoot(leaves.slice(0, i + 1))), tree.root_by_size[i + 1]);
  });
});

test('hashes leaves and nodes under different prefixes (RFC 6962 hasher checks, typed in)', () => {
  assert.equal(toHex(merkleRoot([])), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(toHex(leafHash(utf8(''))), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  assert.equal(toHex(leafHash(utf8('L123456'))), '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
  assert.equal(
    toHex(nodeHash(utf8('N123'), utf8('N456'))),
    'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
  );
});
