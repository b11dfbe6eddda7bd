import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type ChunkInput, createEvaluator } from '@sealedger/protocol/rlwe/evaluator.ts';
import {
  addPads,
  addZeroShares,
  createZeroShareKeys,
  shareSign,
  subtractPads,
} from '@sealedger/protocol/rlwe/masks.ts';
import { deriveParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import { RING_DEGREE, SWITCHED_PRIMES } from '@sealedger/protocol/rlwe/ring.ts';
import { createChunkSum } from '@sealedger/protocol/rlwe/sum.ts';
import { serialiseDepartmentChunk, serialiseGateChunk } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { columnOf, expand, keyOf, plainScores, wordsOf } from './support.ts';

const FEATURES = 4;
const BITS = 16;
const DEPARTMENTS = 30;
const GATES = 2;
const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(2, '0')}`);
const departmentIds = ids('department', DEPARTMENTS);
const gateIds = ids('gate', GATES);
const participants = [...departmentIds, ...gateIds];
const computationId = keyOf('computation');
const parameters = deriveParameters({
  departments: departmentIds.map((party) => ({ party, valueBits: new Array<number>(FEATURES).fill(BITS) })),
  gates: GATES,
});
const noise = (party: string): Int32Array =>
  Int32Array.from(wordsOf(`noise/${party}`, RING_DEGREE), (word) => word >> 4);

let owner: SealedModelOwner;
before(async () => {
  owner = await createSealedModelOwner({ parameters });
});
after(() => owner.delete());

function maskWithAll(own: string, c0: Uint32Array): void {
  const shares = participants
    .filter((peer) => peer !== own)
    .flatMap((peer) => {
      const [lower, higher] = own < peer ? [own, peer] : [peer, own];
      const keys = createZeroShareKeys({
        secret: keyOf(`${lower}|${higher}`),
        computationId,
        lower: lower!,
        higher: higher!,
      });
      return [0, 1].map((limb) => ({ limb, key: keys(0, limb), sign: shareSign(own, peer) }));
    });
  addZeroShares(c0, shares, expand);
}

function padsOf(gate: string): Uint32Array {
  return wordsOf(`pads/${gate}`, 2 * RING_DEGREE).map((word, i) => word % SWITCHED_PRIMES[i >> 13]!);
}

describe('sealed scoring with 32 participants, the cap', () => {
  it('gives every score exactly once all pads are off, release noise included', async () => {
    const sum = createChunkSum();
    const expected = new Array<bigint>(RING_DEGREE).fill(0n);
    for (const [d, party] of departmentIds.entries()) {
      const weights = Array.from({ length: FEATURES }, (_, j) => BigInt((d * 7919 + j * 104_729) % 600_000) - 300_000n);
      const columns = weights.map((_, j) => columnOf(`${party}/${j}`, BITS));
      const evaluator = createEvaluator();
      evaluator.loadModel(owner.publicKeyRecord, owner.encryptWeights(weights));
      const releaseNoise = noise(party);
      const chunk = evaluator.evaluateChunk({
        columns,
        releaseNoise,
        parameters: parameters.departments[d]!,
        sanitiseKey: keyOf(`sanitise/${party}`),
        expand,
      });
      maskWithAll(party, chunk.c0);
      sum.addDepartmentChunk(serialiseDepartmentChunk(chunk));
      plainScores(weights, columns).forEach((score, i) => {
        expected[i]! += score + BigInt(releaseNoise[i]!);
      });
    }
    for (const gate of gateIds) {
      const c0 = new Uint32Array(2 * RING_DEGREE);
      addPads(c0, padsOf(gate));
      maskWithAll(gate, c0);
      sum.addGateChunk(serialiseGateChunk({ c0 }));
    }
    const indexes = Array.from({ length: RING_DEGREE }, (_, i) => i);
    const gatePads = gateIds.map(padsOf);
    const unlocked = gatePads.reduce(
      (chunk, pads) =>
        subtractPads(
          chunk,
          indexes.map((index) => ({ index, pads: [pads[index]!, pads[RING_DEGREE + index]!] })),
        ),
      sum.sealed(),
    );
    assert.deepEqual(owner.openCoefficients(unlocked, indexes), expected);
    const oneGateOff = subtractPads(sum.sealed(), [
      { index: 7, pads: [gatePads[0]![7]!, gatePads[0]![RING_DEGREE + 7]!] },
    ]);
    assert.notEqual(owner.openCoefficients(oneGateOff, [7])[0], expected[7]);
  });

  it('refuses a thirty-third participant and a sum without departments', () => {
    const gate = serialiseGateChunk({ c0: new Uint32Array(2 * RING_DEGREE) });
    const sum = createChunkSum();
    assert.throws(
      () => sum.sealed(),
      (error) => isProtocolError(error, 'RLWE_SUM_PARTICIPANTS'),
    );
    for (let i = 0; i < 32; i++) sum.addGateChunk(gate);
    assert.throws(
      () => sum.addGateChunk(gate),
      (error) => isProtocolError(error, 'RLWE_SUM_PARTICIPANTS'),
    );
  });
});

describe("a bank's keys", () => {
  const weights = [3n, -4n];
  const columns = [columnOf('a', 16), columnOf('b', 16)];
  const [department] = deriveParameters({ departments: [{ party: 'tax', valueBits: [16, 16] }], gates: 0 }).departments;
  const evaluate = (model: SealedModelOwner) => {
    const evaluator = createEvaluator();
    evaluator.loadModel(model.publicKeyRecord, model.encryptWeights(weights));
    const releaseNoise = new Int32Array(RING_DEGREE);
    return evaluator.evaluateChunk({ columns, releaseNoise, parameters: department!, sanitiseKey: keyOf('k'), expand });
  };

  it('open after a restart what was sealed before it', async () => {
    const stored = { secretKey: owner.secretKeyBytes(), publicKeyRecord: owner.publicKeyRecord };
    const restored = await createSealedModelOwner({ stored });
    assert.deepEqual(restored.openCoefficients(evaluate(owner), [0, 8191]), [
      plainScores(weights, columns)[0],
      plainScores(weights, columns)[8191],
    ]);
    assert.deepEqual(restored.openCoefficients(evaluate(restored), [5]), [plainScores(weights, columns)[5]]);
    restored.delete();
  });

  it('are refused when damaged or when the public key belongs to others', async () => {
    const other = await createSealedModelOwner();
    const { publicKeyRecord } = owner;
    for (const secretKey of [other.secretKeyBytes(), owner.secretKeyBytes().subarray(0, 999), new Uint8Array(0)]) {
      await assert.rejects(createSealedModelOwner({ stored: { secretKey, publicKeyRecord } }), (error) =>
        isProtocolError(error, 'RLWE_SECRET_KEY'),
      );
    }
    other.delete();
  });

  it('seal no weight outside the plain modulus and open no coefficient outside the chunk', () => {
    owner.encryptWeights([2n ** 43n - 1n, -(2n ** 43n) + 1n]);
    for (const weight of [2n ** 43n, -(2n ** 43n)]) {
      assert.throws(
        () => owner.encryptWeights([weight]),
        (error) => isProtocolError(error, 'RLWE_WEIGHT_RANGE'),
      );
    }
    for (const index of [-1, 8192, 0.5]) {
      assert.throws(
        () => owner.openCoefficients(evaluate(owner), [index]),
        (error) => isProtocolError(error, 'RLWE_INDEX'),
      );
    }
  });
});

describe('the evaluator', () => {
  const [department] = deriveParameters({ departments: [{ party: 'tax', valueBits: [9, 17] }], gates: 0 }).departments;
  const input = (): ChunkInput => ({
    columns: [columnOf('a', 9), columnOf('b', 17)],
    releaseNoise: new Int32Array(RING_DEGREE),
    parameters: department!,
    sanitiseKey: keyOf('k'),
    expand,
  });
  const loaded = () => {
    const evaluator = createEvaluator();
    evaluator.loadModel(owner.publicKeyRecord, owner.encryptWeights([1n, 2n]));
    return evaluator;
  };
  const refuses = (changed: Partial<ChunkInput>, code: Parameters<typeof isProtocolError>[1]): void =>
    assert.throws(
      () => loaded().evaluateChunk({ ...input(), ...changed }),
      (error) => isProtocolError(error, code),
    );

  it('gives the same bytes for the same input, and others for another key', () => {
    const evaluator = loaded();
    const first = evaluator.evaluateChunk(input());
    assert.deepEqual(evaluator.evaluateChunk(input()), first);
    assert.notDeepEqual(evaluator.evaluateChunk({ ...input(), sanitiseKey: keyOf('other') }), first);
  });

  it('refuses to start without a model and a model without weights', () => {
    assert.throws(
      () => createEvaluator().evaluateChunk(input()),
      (error) => isProtocolError(error, 'RLWE_MODEL_NOT_LOADED'),
    );
    assert.throws(
      () => createEvaluator().loadModel(owner.publicKeyRecord, []),
      (error) => isProtocolError(error, 'RLWE_MODEL_FEATURES'),
    );
  });

  it('refuses columns that do not fit the schema', () => {
    const [first, second] = input().columns;
    refuses({ columns: [first!] }, 'RLWE_MODEL_SCHEMA');
    refuses({ columns: [first!, second!.subarray(1)] }, 'RLWE_COLUMN_SHAPE');
    const wide = columnOf('a', 9);
    wide[8191] = 512;
    refuses({ columns: [wide, second!] }, 'RLWE_VALUE_RANGE');
    const wider = columnOf('b', 17);
    wider[0] = 2 ** 17;
    refuses({ columns: [first!, wider] }, 'RLWE_VALUE_RANGE');
  });

  it('refuses release noise past its bound, and a short key or keystream', () => {
    for (const value of [2 ** 28, -(2 ** 28) - 1]) {
      refuses({ releaseNoise: new Int32Array(RING_DEGREE).fill(value, 77, 78) }, 'RLWE_RELEASE_NOISE');
    }
    loaded().evaluateChunk({ ...input(), releaseNoise: new Int32Array(RING_DEGREE).fill(-(2 ** 28)) });
    refuses({ releaseNoise: new Int32Array(1) }, 'RLWE_RELEASE_NOISE');
    refuses({ sanitiseKey: new Uint8Array(31) }, 'RLWE_KEYSTREAM');
    refuses({ expand: (key, lengthBytes) => expand(key, lengthBytes - 1) }, 'RLWE_KEYSTREAM');
    refuses({ expand: (_, lengthBytes) => new Uint8Array(lengthBytes).fill(255) }, 'RLWE_KEYSTREAM');
  });
});
