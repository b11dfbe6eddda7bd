import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, uint32be, utf8 } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  decodeUnlockAnswer,
  decodeUnlockOrder,
  ELEMENT_BYTES,
  elementsDigest,
  encodeUnlockAnswer,
  encodeUnlockOrder,
  MAX_BATCH,
  MAX_ORDER_BYTES,
  PROOF_BYTES,
} from '@sealedger/protocol/unlocking.ts';
import fc from 'fast-check';
import { refusal } from '../node/support/refusals.ts';

const element = fc.uint8Array({ minLength: ELEMENT_BYTES, maxLength: ELEMENT_BYTES });
const elements = fc.array(element, { minLength: 1, maxLength: 40 });
const proof = fc.uint8Array({ minLength: PROOF_BYTES, maxLength: PROOF_BYTES });
const header = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null)));
const settings = { seed: 20261121, numRuns: 400 };
const malformed = (reason?: string) => refusal('UNLOCK_FRAME_MALFORMED', reason === undefined ? {} : { reason });

describe('an unlocking frame', () => {
  it('gives back header and elements of an order', () => {
    fc.assert(
      fc.property(header, elements, (head, parts) => {
        const frame = decodeUnlockOrder(encodeUnlockOrder(head, parts));
        assert.deepEqual(frame.header, JSON.parse(JSON.stringify(head)));
        assert.deepEqual(frame.elements, parts);
        assert.equal(frame.elementsDigest, elementsDigest(parts));
      }),
      settings,
    );
  });

  it('gives back header, elements and proof of an answer', () => {
    fc.assert(
      fc.property(header, elements, proof, (head, parts, end) => {
        const frame = decodeUnlockAnswer(encodeUnlockAnswer(head, parts, end));
        assert.deepEqual(frame.elements, parts);
        assert.deepEqual(frame.proof, end);
        assert.equal(frame.elementsDigest, elementsDigest([...parts, end]));
      }),
      settings,
    );
  });

  it('is refused wherever it is cut', () => {
    const whole = encodeUnlockOrder({ a: 1 }, [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]);
    for (let length = 0; length < whole.length; length++) {
      const isWhole = length === whole.length - ELEMENT_BYTES;
      if (isWhole) assert.equal(decodeUnlockOrder(whole.subarray(0, length)).elements.length, 1);
      else assert.throws(() => decodeUnlockOrder(whole.subarray(0, length)), malformed());
    }
  });

  it('of an order does not pass as an answer, nor the other way round', () => {
    const parts = [new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)];
    assert.throws(() => decodeUnlockAnswer(encodeUnlockOrder({}, parts)), malformed('unknown magic'));
    assert.throws(
      () => decodeUnlockOrder(encodeUnlockAnswer({}, parts, new Uint8Array(64))),
      malformed('unknown magic'),
    );
  });

  it('is refused where its header reaches beyond it or beyond 4,096 bytes, or is no JSON, or no UTF-8', () => {
    const framed = (length: number, head: Uint8Array) =>
      concat(utf8('SLU1'), uint32be(length), head, new Uint8Array(32));
    decodeUnlockOrder(framed(2, utf8('{}')));
    assert.throws(() => decodeUnlockOrder(framed(35, utf8('{}'))), malformed('header length out of range'));
    assert.throws(() => decodeUnlockOrder(framed(0xffffffff, utf8('{}'))), malformed('header length out of range'));
    const wide = utf8(JSON.stringify('x'.repeat(4094)));
    assert.equal(wide.length, 4096);
    decodeUnlockOrder(framed(4096, wide));
    const wider = utf8(JSON.stringify('x'.repeat(4095)));
    assert.throws(() => decodeUnlockOrder(framed(4097, wider)), malformed('header length out of range'));
    assert.throws(() => decodeUnlockOrder(framed(1, utf8('{'))), malformed('header is not JSON'));
    assert.throws(() => decodeUnlockOrder(framed(3, Uint8Array.of(0x22, 0xff, 0x22))), malformed('header is not JSON'));
    assert.throws(() => decodeUnlockOrder(framed(0, new Uint8Array())), malformed('header is not JSON'));
  });

  it('takes 1,024 elements and no more, and no part of one', () => {
    const many = (count: number) =>
      encodeUnlockOrder(
        {},
        Array.from({ length: count }, () => new Uint8Array(32)),
      );
    assert.equal(decodeUnlockOrder(many(MAX_BATCH)).elements.length, 1024);
    assert.ok(many(MAX_BATCH).length <= MAX_ORDER_BYTES);
    assert.throws(() => decodeUnlockOrder(many(MAX_BATCH + 1)), malformed());
    assert.throws(() => decodeUnlockOrder(many(0)), malformed());
    assert.throws(() => decodeUnlockOrder(concat(many(2), Uint8Array.of(0))), malformed());
    assert.throws(() => decodeUnlockAnswer(encodeUnlockAnswer({}, [], new Uint8Array(63))), malformed('no proof'));
    assert.throws(() => decodeUnlockAnswer(encodeUnlockAnswer({}, [], new Uint8Array(64))), malformed());
  });

  it('with any bytes changed is read or refused as malformed, never otherwise', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(header, elements, changes, fc.nat(80), (head, parts, mutations, cut) => {
        for (const [encoded, decode] of [
          [encodeUnlockOrder(head, parts), decodeUnlockOrder],
          [encodeUnlockAnswer(head, parts, new Uint8Array(64)), decodeUnlockAnswer],
        ] as const) {
          for (const [at, value] of mutations) encoded[at % encoded.length] = value;
          try {
            decode(encoded.subarray(0, encoded.length - Math.min(cut, encoded.length)));
          } catch (error) {
            assert.ok(isProtocolError(error, 'UNLOCK_FRAME_MALFORMED'), String(error));
          }
        }
      }),
      { ...settings, numRuns: 1500 },
    );
  });
});
