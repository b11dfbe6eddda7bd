/** Two independent tries, ours and @ethereumjs/mpt's, over the same receipts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMerkleProof, createMPT, verifyMPTWithMerkleProof } from '@ethereumjs/mpt';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { buildReceiptTrie, readReceiptProof } from '@sealedger/protocol/evidence/trie.ts';
import { encodeRlp, toBeArray } from 'ethers';
import fc from 'fast-check';

const keyOf = (index: number): Uint8Array => fromHex(encodeRlp(toBeArray(index)).slice(2));
const receiptsArbitrary = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 300 });

test('gives the root and the proofs that @ethereumjs/mpt gives', async () => {
  await fc.assert(
    fc.asyncProperty(receiptsArbitrary, fc.nat(), async (receipts, pick) => {
      const peer = await createMPT();
      for (const [index, receipt] of receipts.entries()) await peer.put(keyOf(index), receipt);
      const trie = buildReceiptTrie(receipts);
      assert.equal(trie.root, toHex(peer.root()));
      const index = pick % receipts.length;
      const proof = trie.prove(index);
      const theirs = await createMerkleProof(peer, keyOf(index));
      // The peer lists nodes below 32 bytes too, which stand inside their parents already.
      assert.deepEqual(proof, theirs.filter((node, i) => i === 0 || node.length >= 32).map(toHex));
      const read = await verifyMPTWithMerkleProof(peer, peer.root(), keyOf(index), theirs);
      assert.deepEqual(read, receipts[index]);
      assert.deepEqual(readReceiptProof(trie.root, index, proof), receipts[index]);
    }),
    { seed: 20261121, numRuns: 60 },
  );
});

test('refuses a proof with any bit flipped, a node more or less, another index or another root', () => {
  const receipts = Array.from({ length: 20 }, (_, i) => new Uint8Array(40 + i).fill(i + 1));
  const trie = buildReceiptTrie(receipts);
  const refused = (root: string, index: number, proof: readonly string[]): void =>
    assert.throws(
      () => readReceiptProof(root, index, proof),
      (error) => isProtocolError(error, 'RECEIPT_PROOF_INVALID'),
    );
  const proof = trie.prove(7);
  for (const [n, node] of proof.entries()) {
    for (let byte = 0; byte < node.length / 2; byte++) {
      const bytes = fromHex(node);
      bytes[byte]! ^= 1 << (byte % 8);
      refused(trie.root, 7, proof.with(n, toHex(bytes)));
    }
  }
  refused(trie.root, 7, proof.slice(0, -1));
  refused(trie.root, 7, [...proof, proof[0]!]);
  refused(trie.root, 8, proof);
  refused(trie.root, 20, proof);
  refused('00'.repeat(32), 7, proof);
});

test('has no proof of a transaction that the block does not have', () => {
  const trie = buildReceiptTrie([Uint8Array.of(1)]);
  assert.throws(
    () => trie.prove(1),
    (error) => isProtocolError(error, 'RECEIPT_PROOF_INVALID'),
  );
  assert.equal(buildReceiptTrie([]).root, '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
});
