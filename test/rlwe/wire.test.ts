import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { DATA_PRIMES, RING_DEGREE, SWITCHED_PRIMES } from '@sealedger/protocol/rlwe/ring.ts';
import {
  DEPARTMENT_CHUNK_BYTES,
  GATE_CHUNK_BYTES,
  PUBLIC_KEY_RECORD_BYTES,
  parseDepartmentChunk,
  parseGateChunk,
  parsePublicKeyRecord,
  parseWeightRecord,
  serialiseDepartmentChunk,
  serialiseGateChunk,
  serialisePublicKeyRecord,
  serialiseWeightRecord,
  WEIGHT_RECORD_BYTES,
} from '@sealedger/protocol/rlwe/wire.ts';
import fc from 'fast-check';
import { keyOf, uniformPoly, wordsOf } from './support.ts';

const HEADER_BYTES = 40;
const seed = new Uint8Array([...keyOf('a'), ...keyOf('b')]);
const weight = { c0: uniformPoly('weight'), seed };
const switched = (label: string): Uint32Array =>
  wordsOf(label, 2 * RING_DEGREE).map((word, i) => word % SWITCHED_PRIMES[i >> 13]!);
const chunk = { c0: switched('c0'), c1: switched('c1') };

const records = [
  {
    kind: 'weight',
    sizeBytes: WEIGHT_RECORD_BYTES,
    bytes: serialiseWeightRecord(weight),
    parse: parseWeightRecord,
    primes: DATA_PRIMES,
  },
  {
    kind: 'public-key',
    sizeBytes: PUBLIC_KEY_RECORD_BYTES,
    bytes: serialisePublicKeyRecord(weight),
    parse: parsePublicKeyRecord,
    primes: DATA_PRIMES,
  },
  {
    kind: 'department-chunk',
    sizeBytes: DEPARTMENT_CHUNK_BYTES,
    bytes: serialiseDepartmentChunk(chunk),
    parse: parseDepartmentChunk,
    primes: [...SWITCHED_PRIMES, ...SWITCHED_PRIMES],
  },
  {
    kind: 'gate-chunk',
    sizeBytes: GATE_CHUNK_BYTES,
    bytes: serialiseGateChunk(chunk),
    parse: parseGateChunk,
    primes: SWITCHED_PRIMES,
  },
] as const;

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = value;
  return changed;
}

for (const { kind, sizeBytes, bytes, parse, primes } of records) {
  describe(`a ${kind} record`, () => {
    const refuses = (changed: Uint8Array, code: Parameters<typeof isProtocolError>[1]): void =>
      assert.throws(
        () => parse(changed),
        (error) => isProtocolError(error, code),
      );

    it('has one exact length', () => {
      assert.equal(bytes.length, sizeBytes);
      refuses(bytes.subarray(0, sizeBytes - 1), 'RLWE_RECORD_TRUNCATED');
      refuses(new Uint8Array(0), 'RLWE_RECORD_TRUNCATED');
      refuses(new Uint8Array([...bytes, 0]), 'RLWE_RECORD_OVERSIZED');
    });

    it('is refused under another magic, version, kind or reserved byte', () => {
      refuses(withByte(bytes, 0, 0), 'RLWE_RECORD_MAGIC');
      refuses(withByte(bytes, 4, 2), 'RLWE_RECORD_MAGIC');
      refuses(withByte(bytes, 5, bytes[5]! ^ 7), 'RLWE_RECORD_KIND');
      refuses(withByte(bytes, 6, 1), 'RLWE_RECORD_KIND');
    });

    it('is refused when it was made for other parameters', () => {
      refuses(withByte(bytes, 8, bytes[8]! ^ 1), 'RLWE_RECORD_PARAMETERS');
      refuses(withByte(bytes, 39, bytes[39]! ^ 1), 'RLWE_RECORD_PARAMETERS');
    });

    it('is refused, not reduced, when a coefficient equals its prime, and accepted one below', () => {
      for (const [limb, prime] of primes.entries()) {
        const at = HEADER_BYTES + 4 * ((limb + 1) * RING_DEGREE - 1);
        const changed = bytes.slice();
        new DataView(changed.buffer).setUint32(at, prime, true);
        refuses(changed, 'RLWE_COEFFICIENT_RANGE');
        new DataView(changed.buffer).setUint32(at, prime - 1, true);
        parse(changed);
      }
    });
  });
}

describe('seeded records', () => {
  it('come back word for word', () => {
    assert.deepEqual(parseWeightRecord(records[0].bytes), weight);
    assert.deepEqual(parseDepartmentChunk(records[2].bytes), chunk);
    assert.deepEqual(parseGateChunk(records[3].bytes), { c0: chunk.c0 });
  });

  it('are read from a view that starts anywhere', () => {
    const shifted = new Uint8Array(WEIGHT_RECORD_BYTES + 3);
    shifted.set(records[0].bytes, 3);
    assert.deepEqual(parseWeightRecord(shifted.subarray(3)), weight);
  });

  it('with any bytes changed either parse to other words or are refused with a code of their own', () => {
    const change = fc.tuple(fc.nat(WEIGHT_RECORD_BYTES - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(3), (changes, cut) => {
        const bytes = records[0].bytes.slice(0, WEIGHT_RECORD_BYTES - (cut === 3 ? 1 : 0));
        for (const [at, flip] of changes) if (at < bytes.length) bytes[at]! ^= flip;
        try {
          parseWeightRecord(bytes);
        } catch (error) {
          assert.ok(isProtocolError(error) && error.code.startsWith('RLWE_'), String(error));
        }
      }),
      { seed: 20261, numRuns: 60 },
    );
  });

  it('are refused with a generator other than Blake2Xb', () => {
    for (const type of [0, 2, 255]) {
      assert.throws(
        () => parseWeightRecord(withByte(records[0].bytes, WEIGHT_RECORD_BYTES - 65, type)),
        (error) => isProtocolError(error, 'RLWE_SEED_PRNG'),
      );
    }
  });

  it('do not pass for one another', () => {
    for (const [writer, parser] of [
      [records[0].bytes, parsePublicKeyRecord],
      [records[1].bytes, parseWeightRecord],
    ] as const) {
      assert.throws(
        () => parser(writer),
        (error) => isProtocolError(error, 'RLWE_RECORD_KIND'),
      );
    }
  });

  it('cannot express an unseeded ciphertext: two polynomials are oversized', () => {
    const both = new Uint8Array(HEADER_BYTES + 2 * 4 * 4 * RING_DEGREE);
    both.set(records[0].bytes.subarray(0, WEIGHT_RECORD_BYTES - 65));
    assert.throws(
      () => parseWeightRecord(both),
      (error) => isProtocolError(error, 'RLWE_RECORD_OVERSIZED'),
    );
  });

  it('are not written with a wrong seed length or an unreduced word', () => {
    assert.throws(
      () => serialiseWeightRecord({ c0: weight.c0, seed: seed.subarray(1) }),
      (error) => isProtocolError(error, 'RLWE_RECORD_LENGTH'),
    );
    assert.throws(
      () => serialiseWeightRecord({ c0: new Uint32Array(weight.c0.length).fill(2 ** 31), seed }),
      (error) => isProtocolError(error, 'RLWE_COEFFICIENT_RANGE'),
    );
  });
});
