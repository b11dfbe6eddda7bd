/** Parity with @noble/curves, a second implementation of RFC 9497 in plain JavaScript, in both directions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import fc from 'fast-check';

const SEED = 20260103;
const poprf = await loadPoprf();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const inputBytes = fc.uint8Array({ minLength: 0, maxLength: 200 });

test('derives the same keys and outputs as the peer', () => {
  const property = fc.property(bytes(32), inputBytes, inputBytes, inputBytes, (seed, keyInfo, info, input) => {
    const peer = ristretto255_oprf.poprf(info);
    const keys = poprf.deriveKeyPair(seed, keyInfo);
    const peerKeys = peer.deriveKeyPair(seed, keyInfo);
    assert.deepEqual(keys.secretKey, peerKeys.secretKey);
    assert.deepEqual(keys.publicKey, peerKeys.publicKey);
    const evaluator = poprf.createEvaluator(keys.secretKey, info);
    const output = evaluator.evaluate(input, poprf.hashToGroup(input));
    assert.deepEqual(output, peer.evaluate(keys.secretKey, input));
    assert.deepEqual(output, poprf.evaluate({ secretKey: keys.secretKey, input, info }));
  });
  fc.assert(property, { seed: SEED, numRuns: 25 });
});

test('its bank talks to the peer as a gate', () => {
  const property = fc.property(
    bytes(32),
    fc.array(fc.tuple(inputBytes, bytes(64)), { minLength: 1, maxLength: 4 }),
    inputBytes,
    (seed, pairs, info) => {
      const peer = ristretto255_oprf.poprf(info);
      const keys = peer.deriveKeyPair(seed, Uint8Array.of(1));
      const blinder = poprf.createBlinder(keys.publicKey, info);
      const inputs = pairs.map(([input]) => input);
      const blinded = pairs.map(([input, random]) => blinder.blind(input, poprf.randomScalar(random)));
      const blinds = blinded.map(({ blind }) => blind);
      const blindedElements = blinded.map(({ blindedElement }) => blindedElement);
      const answer = peer.blindEvaluateBatch(keys.secretKey, blindedElements);
      const outputs = poprf.finalizeBatch({
        inputs,
        blinds,
        blindedElements,
        evaluatedElements: answer.evaluated,
        proof: answer.proof,
        info,
        tweakedKey: blinder.tweakedKey,
      });
      outputs.forEach((output, i) => {
        assert.deepEqual(output, peer.evaluate(keys.secretKey, inputs[i]!));
      });
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 10 });
});

test('its gate talks to the peer as a bank', () => {
  const property = fc.property(
    bytes(32),
    fc.array(inputBytes, { minLength: 1, maxLength: 4 }),
    inputBytes,
    bytes(64),
    (seed, inputs, info, random) => {
      const peer = ristretto255_oprf.poprf(info);
      const keys = poprf.deriveKeyPair(seed, info);
      const blinds = inputs.map((input) => peer.blind(input, keys.publicKey));
      const { evaluatedElements, proof } = poprf.blindEvaluate({
        secretKey: keys.secretKey,
        blindedElements: blinds.map(({ blinded }) => blinded),
        info,
        proofScalar: poprf.randomScalar(random),
      });
      const items = inputs.map((input, i) => ({
        input,
        blind: blinds[i]!.blind,
        blinded: blinds[i]!.blinded,
        evaluated: evaluatedElements[i]!,
      }));
      const outputs = peer.finalizeBatch(items, proof, blinds[0]!.tweakedKey);
      outputs.forEach((output, i) => {
        assert.deepEqual(output, poprf.evaluate({ secretKey: keys.secretKey, input: inputs[i]!, info }));
      });
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 10 });
});
