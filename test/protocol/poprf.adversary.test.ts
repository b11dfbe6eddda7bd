import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { concat, fromHex, uint32be, utf8 } from '@sealedger/protocol/bytes.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { type FinalizeBatch, loadPoprf, POPRF_MAX_BATCH } from '@sealedger/protocol/poprf.ts';
import fc from 'fast-check';

const SEED = 20260104;
const poprf = await loadPoprf();
const info = utf8('computation 1');
const keys = poprf.deriveKeyPair(new Uint8Array(32).fill(1), utf8('epoch 1'));
const otherKeys = poprf.deriveKeyPair(new Uint8Array(32).fill(2), utf8('epoch 1'));
const proofScalar = scalarFrom(7);

/** RFC 9496, appendix A.3: encodings that a decoder must refuse, some of each group. */
const BAD_ENCODINGS = [
  // Non-canonical field encodings.
  '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  // Negative field elements.
  '0100000000000000000000000000000000000000000000000000000000000000',
  '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20',
  // Non-square x^2.
  '26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371',
  '4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f',
  // Negative x * y value.
  '3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e',
  // s = -1, which causes y = 0.
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  // The identity is a valid encoding of RFC 9496, and no valid element of RFC 9497.
  '0000000000000000000000000000000000000000000000000000000000000000',
];
/** The group order 2^252 + 27742317777372353535851937790883648493 and the order plus one. */
const ORDER = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
const BAD_SCALARS = [ORDER, `ee${ORDER.slice(2)}`, 'ff'.repeat(32), '00'.repeat(32), '01', '01'.repeat(33)];

function scalarFrom(n: number): Uint8Array {
  return poprf.randomScalar(new Uint8Array(64).fill(n));
}

function batchOf(size: number, secretKey: Uint8Array = keys.secretKey, gateInfo: Uint8Array = info): FinalizeBatch {
  const blinder = poprf.createBlinder(keys.publicKey, info);
  const inputs = Array.from({ length: size }, (_, i) => uint32be(i));
  const blinds = inputs.map((_, i) => poprf.randomScalar(concat(new Uint8Array(60).fill(9), uint32be(i))));
  const blindedElements = inputs.map((input, i) => blinder.blind(input, blinds[i]!).blindedElement);
  const answer = poprf.blindEvaluate({ secretKey, blindedElements, info: gateInfo, proofScalar });
  return { inputs, blinds, blindedElements, ...answer, info, tweakedKey: blinder.tweakedKey };
}

function hasCode(...codes: ErrorCode[]): (error: unknown) => boolean {
  return (error) => error instanceof ProtocolError && codes.includes(error.code);
}

const honest = batchOf(3);

test('finalises batches of 1, 2 and 1,024 to what the key owner computes', () => {
  for (const size of [1, 2, POPRF_MAX_BATCH]) {
    const outputs = poprf.finalizeBatch(batchOf(size));
    assert.equal(outputs.length, size);
    const last = poprf.evaluate({ secretKey: keys.secretKey, input: uint32be(size - 1), info });
    assert.deepEqual(outputs.at(-1), last);
    assert.equal(last.length, 64);
  }
});

test('refuses an empty batch, one of 1,025 and one whose columns differ in length', () => {
  const blindEvaluate = (blindedElements: readonly Uint8Array[]) =>
    poprf.blindEvaluate({ secretKey: keys.secretKey, blindedElements, info, proofScalar });
  const element = honest.blindedElements[0]!;
  assert.throws(() => blindEvaluate([]), hasCode('POPRF_BATCH_SIZE'));
  assert.throws(
    () => blindEvaluate(new Array<Uint8Array>(POPRF_MAX_BATCH + 1).fill(element)),
    hasCode('POPRF_BATCH_SIZE'),
  );
  for (const column of ['inputs', 'blinds', 'blindedElements', 'evaluatedElements'] as const) {
    const batch = { ...honest, [column]: honest[column].slice(1) };
    assert.throws(() => poprf.finalizeBatch(batch), hasCode('POPRF_BATCH_SIZE'));
  }
});

test('refuses a gate that answers with another key, or under another info', () => {
  assert.throws(() => poprf.finalizeBatch(batchOf(2, otherKeys.secretKey)), hasCode('POPRF_PROOF_INVALID'));
  assert.throws(
    () => poprf.finalizeBatch(batchOf(2, keys.secretKey, utf8('computation 2'))),
    hasCode('POPRF_PROOF_INVALID'),
  );
});

test('refuses a gate that evaluates one element of a batch with another key', () => {
  const evaluated = batchOf(3, otherKeys.secretKey).evaluatedElements;
  const evaluatedElements = [honest.evaluatedElements[0]!, evaluated[1]!, honest.evaluatedElements[2]!];
  assert.throws(() => poprf.finalizeBatch({ ...honest, evaluatedElements }), hasCode('POPRF_PROOF_INVALID'));
});

test('refuses answers in another order', () => {
  const evaluatedElements = [...honest.evaluatedElements].reverse();
  assert.throws(() => poprf.finalizeBatch({ ...honest, evaluatedElements }), hasCode('POPRF_PROOF_INVALID'));
});

test('gives another output under another info, key or input', () => {
  const outputs = [
    poprf.evaluate({ secretKey: keys.secretKey, input: utf8('a'), info }),
    poprf.evaluate({ secretKey: keys.secretKey, input: utf8('b'), info }),
    poprf.evaluate({ secretKey: keys.secretKey, input: utf8('a'), info: utf8('computation 2') }),
    poprf.evaluate({ secretKey: otherKeys.secretKey, input: utf8('a'), info }),
  ];
  assert.equal(new Set(outputs.map((output) => Buffer.from(output).toString('hex'))).size, 4);
});

test('refuses every bad encoding of an element, and the identity, wherever one enters', () => {
  for (const element of [...BAD_ENCODINGS.map((hex) => fromHex(hex)), new Uint8Array(31), new Uint8Array(33).fill(1)]) {
    const refused = hasCode('POPRF_ELEMENT_INVALID');
    const replaced = (elements: readonly Uint8Array[]) => [element, ...elements.slice(1)];
    assert.throws(() => poprf.createBlinder(element, info), refused);
    assert.throws(
      () => poprf.blindEvaluate({ secretKey: keys.secretKey, blindedElements: [element], info, proofScalar }),
      refused,
    );
    assert.throws(() => poprf.evaluate({ secretKey: keys.secretKey, input: utf8('a'), info, element }), refused);
    const { evaluatedElements, blindedElements } = honest;
    assert.throws(
      () => poprf.finalizeBatch({ ...honest, evaluatedElements: replaced(evaluatedElements) }),
      hasCode('POPRF_ELEMENT_INVALID'),
    );
    assert.throws(() => poprf.finalizeBatch({ ...honest, blindedElements: replaced(blindedElements) }), refused);
    assert.throws(() => poprf.finalizeBatch({ ...honest, tweakedKey: element }), refused);
  }
});

test('refuses a key that an info was chosen to cancel', () => {
  const cancelling = negatedInfoScalar(info);
  assert.throws(() => poprf.createEvaluator(cancelling, info), hasCode('POPRF_SCALAR_INVALID'));
  assert.throws(() => poprf.createBlinder(poprf.publicKey(cancelling), info), hasCode('POPRF_ELEMENT_INVALID'));
});

/** -m for the scalar m of an info, by the peer's HashToScalar: RFC 9497, 3.3.3 and 4.1. */
function negatedInfoScalar(ofInfo: Uint8Array): Uint8Array {
  const framedInfo = concat(utf8('Info'), Uint8Array.of(0, ofInfo.length), ofInfo);
  const tag = concat(utf8('HashToScalar-OPRFV1-'), Uint8Array.of(2), utf8('-ristretto255-SHA512'));
  const m = ristretto255_hasher.hashToScalar(framedInfo, { DST: tag });
  return ristretto255.Point.Fn.toBytes(ristretto255.Point.Fn.neg(m));
}

test('refuses scalars that are zero, not canonical or of a wrong length', () => {
  for (const scalar of BAD_SCALARS.map((hex) => fromHex(hex))) {
    const refused = hasCode('POPRF_SCALAR_INVALID');
    assert.throws(() => poprf.publicKey(scalar), refused);
    assert.throws(() => poprf.createEvaluator(scalar, info), refused);
    assert.throws(
      () => poprf.blind({ input: utf8('a'), info, publicKey: keys.publicKey, blindScalar: scalar }),
      refused,
    );
    assert.throws(
      () =>
        poprf.blindEvaluate({
          secretKey: keys.secretKey,
          blindedElements: honest.blindedElements,
          info,
          proofScalar: scalar,
        }),
      refused,
    );
    assert.throws(() => poprf.finalizeBatch({ ...honest, blinds: [scalar, ...honest.blinds.slice(1)] }), refused);
  }
  assert.throws(() => poprf.randomScalar(new Uint8Array(32)), hasCode('BYTES_LENGTH'));
  assert.throws(() => poprf.randomScalar(new Uint8Array(64)), hasCode('POPRF_SCALAR_INVALID'));
  assert.throws(() => poprf.deriveKeyPair(new Uint8Array(31), info), hasCode('BYTES_LENGTH'));
});

test('refuses inputs and info of more than 65,535 bytes, and accepts that many', () => {
  const [largest, tooLarge] = [new Uint8Array(0xffff), new Uint8Array(0x10000)];
  assert.equal(poprf.evaluate({ secretKey: keys.secretKey, input: largest, info: largest }).length, 64);
  assert.throws(() => poprf.hashToGroup(tooLarge), hasCode('POPRF_INPUT_LENGTH'));
  assert.throws(() => poprf.createBlinder(keys.publicKey, tooLarge), hasCode('POPRF_INPUT_LENGTH'));
  assert.throws(() => poprf.createEvaluator(keys.secretKey, tooLarge), hasCode('POPRF_INPUT_LENGTH'));
});

test('refuses a proof of any other length', () => {
  for (const proof of [new Uint8Array(), honest.proof.slice(1), concat(honest.proof, Uint8Array.of(0))]) {
    assert.throws(() => poprf.finalizeBatch({ ...honest, proof }), hasCode('POPRF_PROOF_INVALID'));
  }
});

test('any flipped bit of what crosses the wire is refused with one of two codes', () => {
  const property = fc.property(
    fc.constantFrom('proof', 'evaluatedElements', 'blindedElements', 'tweakedKey'),
    fc.nat(2),
    fc.nat(511),
    (field, at, bit) => {
      const flip = (bytes: Uint8Array) => {
        const out = bytes.slice();
        out[(bit >> 3) % out.length]! ^= 1 << (bit & 7);
        return out;
      };
      const batch =
        field === 'proof' || field === 'tweakedKey'
          ? { ...honest, [field]: flip(honest[field]) }
          : { ...honest, [field]: honest[field as 'blindedElements'].map((e, i) => (i === at ? flip(e) : e)) };
      try {
        poprf.finalizeBatch(batch);
      } catch (error) {
        return isProtocolError(error, 'POPRF_PROOF_INVALID') || isProtocolError(error, 'POPRF_ELEMENT_INVALID');
      }
      return false;
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 150 });
});

test('blinded elements of one input are unlike, and do not depend on info', () => {
  const input = utf8('a');
  const first = poprf.blind({ input, info, publicKey: keys.publicKey, blindScalar: scalarFrom(1) });
  const second = poprf.blind({ input, info, publicKey: keys.publicKey, blindScalar: scalarFrom(2) });
  const third = poprf.blind({ input, info: utf8('x'), publicKey: keys.publicKey, blindScalar: scalarFrom(1) });
  assert.notDeepEqual(first.blindedElement, second.blindedElement);
  assert.deepEqual(first.blindedElement, third.blindedElement);
  assert.notDeepEqual(first.tweakedKey, third.tweakedKey);
});
