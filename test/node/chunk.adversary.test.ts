/**
 * Attacks by a bank that has everything the participants sent, its own secret key, and the pads of subjects it unlocked.
 * Its ciphertexts come from a toy bank that knows its secret as plain coefficients, so that exact phases can be looked at.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChunkMaker } from '@sealedger/node/compute/chunk.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { subtractPads } from '@sealedger/protocol/rlwe/masks.ts';
import {
  MODULUS,
  PLAIN_MODULUS,
  RING_DEGREE,
  SWITCHED_MODULUS,
  SWITCHED_PRIMES,
} from '@sealedger/protocol/rlwe/ring.ts';
import { addModular } from '@sealedger/protocol/rlwe/sum.ts';
import {
  DEPARTMENT_CHUNK_BYTES,
  GATE_CHUNK_BYTES,
  parseDepartmentChunk,
  parseGateChunk,
  type SeededCiphertext,
  type SwitchedCiphertext,
  serialisePublicKeyRecord,
  serialiseWeightRecord,
} from '@sealedger/protocol/rlwe/wire.ts';
import { chiSquare, UNIFORM_LIMIT } from '../rlwe/support.ts';
import { scaled, ToyBank } from '../rlwe/toy-bank.ts';
import {
  type BankRecords,
  type Computation,
  everyone,
  gates,
  isDepartment,
  sealedConsortium,
} from './support/sealed-consortium.ts';

const PEOPLE = 300;
const WORDS = 2 * RING_DEGREE;
const poprf = await loadPoprf();
const bank = new ToyBank('curious bank');
const consortium = sealedConsortium(PEOPLE, poprf);
const weights = { court: [7001n, -1_234_567n], tax: [-9000n, 80_000n, 3n] };

function recordsOf(weigh: (name: string, weight: bigint) => SeededCiphertext): BankRecords {
  const sealed = (party: 'court' | 'tax') =>
    weights[party].map((weight, j) => serialiseWeightRecord(weigh(`${party}/${j}`, weight)));
  return {
    publicKeyRecord: serialisePublicKeyRecord(bank.publicKey()),
    weightRecords: { court: sealed('court'), tax: sealed('tax') },
  };
}
const honest = recordsOf((name, weight) => bank.weight(name, weight));

/** What one participant sent for chunk 0, as a ciphertext; gates send no c1. */
function sentBy(computation: Computation, org: string): SwitchedCiphertext {
  const bytes = computation.chunk(org, 0);
  if (isDepartment(org)) return parseDepartmentChunk(bytes.subarray(0, DEPARTMENT_CHUNK_BYTES));
  return { ...parseGateChunk(bytes.subarray(0, GATE_CHUNK_BYTES)), c1: new Uint32Array(WORDS) };
}

/** The pads of some ranks taken off what one organisation, or all, sent. */
function unlocked(
  computation: Computation,
  sent: SwitchedCiphertext,
  ranks: readonly number[],
  of: readonly string[] = gates,
) {
  const slots = ranks.flatMap((rank) =>
    of.map((gate) => ({ index: computation.slotOfRank[rank]!, pads: computation.pads(gate, rank) })),
  );
  return subtractPads(sent, slots);
}

/** The number that decryption gives for a phase, centred. */
function opened(phase: bigint): bigint {
  const q = SWITCHED_MODULUS;
  const centred = ((phase % q) + q) % q;
  const rounded = (2n * centred * PLAIN_MODULUS + q) / (2n * q);
  return BigInt.asIntN(44, rounded);
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
const ranks = [0, 1, 17, 101, 202, PEOPLE - 1];

describe('an honest sum', () => {
  it('opens to the scores of the unlocked subjects, and to nothing near a score elsewhere', () => {
    const computation = consortium.compute('honest', honest);
    const phases = bank.phase(unlocked(computation, computation.sum(0), ranks));
    for (const rank of ranks) {
      const released = (['court', 'tax'] as const).reduce(
        (sum, party) => sum + consortium.partOf(party, weights[party], rank).released,
        0n,
      );
      assert.equal(opened(phases[computation.slotOfRank[rank]!]!), released);
    }
    const locked = Array.from({ length: PEOPLE }, (_, rank) => rank).filter((rank) => !ranks.includes(rank));
    const nearAScore = locked.filter((rank) => abs(opened(phases[computation.slotOfRank[rank]!]!)) < 2n ** 38n);
    assert.ok(nearAScore.length < 25, String(nearAScore.length));
  });

  it('is garbage with any participant left out, or with one gate’s pads only', () => {
    const computation = consortium.compute('honest', honest);
    const isClose = (phases: readonly bigint[]) =>
      ranks.every((rank) => abs(opened(phases[computation.slotOfRank[rank]!]!)) < 2n ** 38n);
    assert.ok(isClose(bank.phase(unlocked(computation, computation.sum(0), ranks))));
    for (const left of everyone) {
      const rest = everyone.filter((org) => org !== left);
      for (const pads of [[], ['bureau'], ['tax'], gates]) {
        assert.ok(
          !isClose(
            bank.phase(
              unlocked(
                computation,
                computation.sum(
                  0,
                  rest.filter((org) => org !== left),
                ),
                ranks,
                pads,
              ),
            ),
          ),
          left,
        );
      }
    }
    for (const gate of gates) assert.ok(!isClose(bank.phase(unlocked(computation, computation.sum(0), ranks, [gate]))));
  });
});

describe('with two departments, everything that was sent in four computations', () => {
  const changed = recordsOf((name, weight) => bank.weight(`changed/${name}`, 2n * weight + 1n));
  const computations = [
    consortium.compute('attempt 1', honest),
    consortium.compute('attempt 2', honest),
    consortium.compute('changed specification', changed),
    consortium.compute('without the bureau', honest, ['court', 'tax']),
  ];
  const sets = computations.map((computation) =>
    [...computation.works.keys()].map((org) => {
      const own = gates.filter((gate) => gate === org);
      return bank.phase(unlocked(computation, sentBy(computation, org), ranks, own));
    }),
  );

  /** Combinations with coefficients -1, 0, 1 that look like scores at every rank: sizes far below the plain modulus. */
  function meaningful(at: (computation: number) => readonly number[]): number[][] {
    const vectors = sets.flatMap((set, k) => set.map((phases) => at(k).map((slot) => phases[slot]!)));
    const found: number[][] = [];
    const walk = (coefficients: number[], sum: readonly bigint[]): void => {
      if (coefficients.length === vectors.length) {
        if (coefficients.some((c) => c !== 0) && sum.every((phase) => abs(opened(phase)) < 2n ** 38n))
          found.push(coefficients);
        return;
      }
      const vector = vectors[coefficients.length]!;
      for (const c of [-1n, 0n, 1n])
        walk(
          [...coefficients, Number(c)],
          sum.map((phase, i) => phase + c * vector[i]!),
        );
    };
    walk(
      [],
      ranks.map(() => 0n),
    );
    return found;
  }

  it('has no combination that opens to one department’s part: only whole computations cancel their shares', () => {
    const found = meaningful((k) => ranks.map((rank) => computations[k]!.slotOfRank[rank]!));
    const bounds = computations.map(({ works }) => works.size);
    for (const coefficients of found) {
      let at = 0;
      for (const size of bounds) {
        const own = coefficients.slice(at, at + size);
        assert.equal(new Set(own).size, 1, `shares do not cancel in ${coefficients}`);
        at += size;
      }
    }
    assert.equal(
      found.length,
      3 ** computations.length - 1,
      'every whole combination opens, and is no more than sums of scores',
    );
  });

  it('has no combination at all over locked entries, slot by slot', () => {
    const locked = Array.from({ length: 6 }, (_, i) => PEOPLE + 1000 * i + 3);
    assert.deepEqual(
      meaningful(() => locked),
      [],
    );
  });

  it('shares no mask between computations: differences of one participant’s bytes are uniform', () => {
    for (const org of ['court', 'tax']) {
      const [first, second] = [sentBy(computations[0]!, org), sentBy(computations[1]!, org)];
      const difference = second.c0.slice();
      addModular(
        difference,
        first.c0.map((word, i) => (i < RING_DEGREE ? primeMinus(word, 0) : primeMinus(word, 1))),
      );
      assert.ok(chiSquare([...difference.subarray(0, RING_DEGREE)], 2 ** 30) < UNIFORM_LIMIT);
    }
  });
});

describe('two models whose weights differ for one department only', () => {
  it('tell its part by subtraction once both scores of a subject are unlocked: that is for approval and certificate, not for masks', () => {
    const silent = recordsOf((name, weight) => bank.weight(`silent/${name}`, name.startsWith('court') ? 0n : weight));
    const scores = [honest, silent].map((records, i) => {
      const computation = consortium.compute(`difference/${i}`, records);
      return opened(bank.phase(unlocked(computation, computation.sum(0), [7]))[computation.slotOfRank[7]!]!);
    });
    assert.equal(scores[0]! - scores[1]!, consortium.partOf('court', weights.court, 7).exact);
  });
});

describe('a computation that starts again after a crash', () => {
  it('gives the same bytes under its id, so there is no second view to subtract', () => {
    const computation = consortium.compute('attempt 1', honest);
    for (const org of everyone) {
      const again = createChunkMaker(computation.works.get(org)!, poprf).make(0);
      assert.deepEqual(again.bytes, computation.chunk(org, 0));
      assert.deepEqual(createChunkMaker(computation.works.get(org)!, poprf).make(0).inputDigest, again.inputDigest);
    }
  });

  it('gives other bytes for every other id, chunk and peer', () => {
    const other = consortium.compute('attempt 2', honest);
    const fewer = consortium.compute('without the bureau', honest, ['court', 'tax']);
    const first = consortium.compute('attempt 1', honest);
    for (const computation of [other, fewer]) {
      const [a, b] = [sentBy(first, 'court').c0, sentBy(computation, 'court').c0];
      assert.ok(a.filter((word, i) => word === b[i]).length < 5);
    }
  });
});

describe('a locked entry', () => {
  const huge = MODULUS / 2n - 12_345n;
  const malformed: readonly (readonly [string, BankRecords])[] = [
    ['honest ciphertexts', honest],
    ['weights of half the modulus', recordsOf((name) => bank.seal(`huge/${name}`, [huge]))],
    [
      'weights of no message and no noise',
      recordsOf((name) => bank.seal(`none/${name}`, [], new Int32Array(RING_DEGREE))),
    ],
    [
      'weights that fill every coefficient',
      recordsOf((name) =>
        bank.seal(
          `full/${name}`,
          Array.from({ length: RING_DEGREE }, (_, i) => BigInt(i) * 2n ** 90n),
        ),
      ),
    ],
  ];
  for (const [name, records] of malformed) {
    it(`is uniform modulo q' under ${name}, used or not, also where others are unlocked`, () => {
      const computation = consortium.compute(`locked/${name}`, records);
      const sum = unlocked(computation, computation.sum(0), [5, 6]);
      const open = new Set([5, 6].map((rank) => computation.slotOfRank[rank]!));
      const phases = bank.phase(sum);
      const isUniform = (slots: readonly number[]): boolean => {
        const positions = slots.map((slot) =>
          Number((((phases[slot]! + SWITCHED_MODULUS) * 65_536n) / SWITCHED_MODULUS) % 65_536n),
        );
        return chiSquare(positions, 65_536) < UNIFORM_LIMIT;
      };
      const slots = Array.from({ length: RING_DEGREE }, (_, slot) => slot).filter((slot) => !open.has(slot));
      assert.ok(isUniform(slots.filter((slot) => slot < PEOPLE)), 'used');
      assert.ok(isUniform(slots.filter((slot) => slot >= PEOPLE)), 'unused');
      for (const org of ['court', 'tax']) {
        const alone = bank.phase(sentBy(computation, org));
        const positions = alone.map((phase) =>
          Number((((phase + SWITCHED_MODULUS) * 65_536n) / SWITCHED_MODULUS) % 65_536n),
        );
        assert.ok(chiSquare(positions, 65_536) < UNIFORM_LIMIT, org);
      }
    });
  }

  it('has a locator of its own at each gate, in unused slots too', () => {
    const computation = consortium.compute('honest', honest);
    const seen = new Set<string>();
    for (const [gate, from] of [
      ['bureau', GATE_CHUNK_BYTES],
      ['tax', DEPARTMENT_CHUNK_BYTES],
    ] as const) {
      const locators = Buffer.from(computation.chunk(gate, 0).subarray(from));
      assert.equal(locators.length, 8 * RING_DEGREE);
      for (let i = 0; i < RING_DEGREE; i++) seen.add(locators.subarray(8 * i, 8 * i + 8).toString('hex'));
    }
    assert.equal(seen.size, 2 * RING_DEGREE);
  });
});

describe('a weight that is no constant', () => {
  /** Adds 2^20 times the neighbour's value to the one of the court's second feature, an indicator. */
  const spread = recordsOf((name) =>
    bank.seal(`spread/${name}`, name === 'court/1' ? [scaled(1n), scaled(2n ** 20n)] : []),
  );
  const target = 42;

  it('tells of the slot before the unlocked one, which is another stranger in every computation', () => {
    const neighbours = new Set<number>();
    for (let attempt = 0; attempt < 5; attempt++) {
      const computation = consortium.compute(`spread/${attempt}`, spread);
      const slot = computation.slotOfRank[target]!;
      if (slot === 0) continue;
      const stranger = computation.rankOfSlot[slot - 1]!;
      const [value] = [opened(bank.phase(unlocked(computation, computation.sum(0), [target]))[slot]!)];
      const indicator = consortium.columns.court.columns[1]!;
      const expected = indicator[target]! + 2 ** 20 * indicator[stranger]!;
      assert.ok(abs(value! - BigInt(expected)) < 2n ** 9n, `${value} for ${expected}`);
      assert.ok(Math.abs(stranger - target) > 1, 'neighbours in the register are no neighbours in the table');
      neighbours.add(stranger);
    }
    assert.ok(neighbours.size >= 4);
  });
});

function primeMinus(word: number, limb: 0 | 1): number {
  const prime = SWITCHED_PRIMES[limb]!;
  return word === 0 ? 0 : prime - word;
}
