/** Each attack on sealed scoring is carried out: it works where the defence is left out, and fails where it stands. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEvaluator } from '@sealedger/protocol/rlwe/evaluator.ts';
import { type FeatureColumn, RlweKernel } from '@sealedger/protocol/rlwe/kernel.ts';
import { SANITISE_BYTES } from '@sealedger/protocol/rlwe/kernel-memory.ts';
import { addPads, addZeroShares, shareSign, zeroShareKey } from '@sealedger/protocol/rlwe/masks.ts';
import { type DepartmentParameters, deriveParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import {
  DATA_LIMBS,
  DATA_PRIMES,
  MODULUS,
  PLAIN_MODULUS,
  PLAIN_MODULUS_BITS,
  RING_DEGREE,
  SWITCHED_MODULUS,
  SWITCHED_PRIMES,
} from '@sealedger/protocol/rlwe/ring.ts';
import { addModular } from '@sealedger/protocol/rlwe/sum.ts';
import {
  type SeededCiphertext,
  type SwitchedCiphertext,
  serialisePublicKeyRecord,
  serialiseWeightRecord,
} from '@sealedger/protocol/rlwe/wire.ts';
import { chiSquare, columnOf, expand, keyOf, UNIFORM_LIMIT, wordsOf } from './support.ts';
import { scaled, ToyBank } from './toy-bank.ts';

const bank = new ToyBank('attacks');
const publicKey = bank.publicKey();
const silence = new Int32Array(RING_DEGREE);

function department(valueBits: readonly number[]): DepartmentParameters {
  return deriveParameters({ departments: [{ party: 'tax', valueBits }], gates: 1 }).departments[0]!;
}

/** What a department sends before masks. */
function evaluate(
  weights: readonly SeededCiphertext[],
  columns: readonly FeatureColumn[],
  valueBits: readonly number[],
  label = 'sanitise',
): SwitchedCiphertext {
  const evaluator = createEvaluator();
  evaluator.loadModel(serialisePublicKeyRecord(publicKey), weights.map(serialiseWeightRecord));
  const parameters = department(valueBits);
  return evaluator.evaluateChunk({ columns, releaseNoise: silence, parameters, sanitiseKey: keyOf(label), expand });
}

/** The sum before the switch, with or without sanitising: what a careless department would hand out. */
function careless(
  weights: readonly SeededCiphertext[],
  columns: readonly FeatureColumn[],
  sanitise?: { readonly floodBits: number; readonly label: string },
): SwitchedCiphertext {
  const kernel = new RlweKernel();
  kernel.loadModel(publicKey, weights);
  kernel.putColumns(columns);
  if (sanitise !== undefined) kernel.sample(expand(keyOf(sanitise.label), SANITISE_BYTES));
  kernel.accumulate();
  if (sanitise !== undefined) {
    kernel.addErrors(silence);
    kernel.addFlood(sanitise.floodBits);
  }
  return kernel.read(DATA_LIMBS);
}

/** Coefficient of column·(weight + error): the phase that a bank predicts for a guess at a whole column. */
function predictedPhase(column: ArrayLike<number>, weight: bigint, error: Int32Array, index: number): bigint {
  let sum = scaled(weight) * BigInt(column[index]!);
  for (let i = 0; i < RING_DEGREE; i++) {
    const j = index - i;
    const product = BigInt(column[i]! * error[j < 0 ? j + RING_DEGREE : j]!);
    sum += j < 0 ? -product : product;
  }
  return sum;
}

/** A pad uniform modulo q', as addPads takes it. */
function padWords(label: string): Uint32Array {
  return wordsOf(label, 2 * RING_DEGREE).map((word, i) => word % SWITCHED_PRIMES[i >> 13]!);
}

function decode(phase: bigint): bigint {
  const twice = 2n * PLAIN_MODULUS * phase + SWITCHED_MODULUS;
  const rounded =
    twice >= 0n ? twice / (2n * SWITCHED_MODULUS) : -((-twice + 2n * SWITCHED_MODULUS - 1n) / (2n * SWITCHED_MODULUS));
  return BigInt.asIntN(PLAIN_MODULUS_BITS, rounded);
}

const fractions = (values: readonly bigint[], modulus: bigint): number[] =>
  values.map((value) => Number(((((value % modulus) + modulus) * 2n ** 40n) / modulus) % 2n ** 40n));
const assertUniform = (values: readonly bigint[], modulus: bigint): void =>
  assert.ok(chiSquare(fractions(values, modulus), 2 ** 40) < UNIFORM_LIMIT);

describe('reading features out of the noise', () => {
  const column = columnOf('noise', 8);
  const stranger = 4711;
  const otherGuess = column.slice();
  otherGuess[stranger] = column[stranger]! ^ 0x80;
  const weight = bank.weight('noise', -777n);
  const error = bank.errors.get('noise')!;
  /** The bank knows its errors and picks a coefficient where the stranger's value meets one that is not zero. */
  const unlocked = 5000 + error.subarray(5000 - stranger).findIndex((value) => value !== 0);
  const distance = (ciphertext: SwitchedCiphertext, guess: ArrayLike<number>): bigint => {
    const difference = bank.phase(ciphertext)[unlocked]! - predictedPhase(guess, -777n, error, unlocked);
    return difference < 0n ? -difference : difference;
  };

  it('works on an unsanitised sum: one unlocked coefficient confirms the value of another subject', () => {
    const sum = careless([weight], [column]);
    assert.equal(distance(sum, column), 0n);
    assert.notEqual(distance(sum, otherGuess), 0n);
  });

  it('fails after flooding: both guesses are as far off, and differ by less than 2^−40 of the flood', () => {
    const { floodBits } = department([8]);
    const sum = careless([weight], [column], { floodBits, label: 'a' });
    const [right, wrong] = [distance(sum, column), distance(sum, otherGuess)];
    assert.ok(right > 2n ** BigInt(floodBits - 12));
    const gap = right > wrong ? right - wrong : wrong - right;
    assert.ok(gap > 0n && gap << 40n <= 2n ** BigInt(floodBits));
  });
});

describe('the noise of a sanitised sum', () => {
  const bits = [20, 20, 20];
  const columns = bits.map((width, j) => columnOf(`residual/${j}`, width));
  const weights = [5n, -9n, 1000n].map((weight, j) => bank.weight(`residual/${j}`, weight));
  const { noiseBits, floodBits } = department(bits);
  const label = 'residual';

  it('is a centred uniform flood of the derived width, as it leaves the evaluator', () => {
    const values = [5n, -9n, 1000n];
    const residuals = bank.phase(evaluate(weights, columns, bits)).map((phase, i) => {
      const score = values.reduce((sum, weight, j) => sum + weight * BigInt(columns[j]![i]!), 0n);
      return Number(phase - (2n * SWITCHED_MODULUS * score + PLAIN_MODULUS) / (2n * PLAIN_MODULUS));
    });
    const width = 2 ** (floodBits - 60);
    assert.ok(residuals.every((residual) => Math.abs(residual) < width + 200));
    const mean = residuals.reduce((sum, residual) => sum + residual, 0) / RING_DEGREE;
    assert.ok(Math.abs(mean) < (5 * width) / Math.sqrt(3 * RING_DEGREE));
    const shifted = residuals.map((residual) => Math.min(Math.max(residual + width, 0), 2 * width - 1));
    assert.ok(chiSquare(shifted, 2 * width) < UNIFORM_LIMIT);
  });

  it('moves by less than 2^−39 of the flood when every feature changes', () => {
    const others = bits.map((width, j) => columnOf(`residual/other/${j}`, width));
    const values = [5n, -9n, 1000n];
    const noiseOf = (chosen: readonly FeatureColumn[]): bigint[] =>
      bank.phase(careless(weights, chosen, { floodBits, label })).map((phase, i) => {
        const exact = values.reduce((sum, weight, j) => sum + scaled(weight) * BigInt(chosen[j]![i]!), 0n);
        return phase - exact;
      });
    const [first, second] = [noiseOf(columns), noiseOf(others)];
    const largest = first.reduce((most, noise, i) => {
      const gap = noise > second[i]! ? noise - second[i]! : second[i]! - noise;
      return gap > most ? gap : most;
    }, 0n);
    assert.ok(largest > 0n && largest <= 2n ** BigInt(noiseBits + 1));
    assert.ok(first.some((noise) => noise > 2n ** BigInt(floodBits - 1)));
    assert.ok(first.some((noise) => noise < -(2n ** BigInt(floodBits - 1))));
  });
});

describe('recognising a combination in c1', () => {
  const column = columnOf('c1', 16);
  const weight = bank.weight('c1', 3n);
  const { c1: expanded } = new RlweKernel().expand(weight);
  const guess = bank.multiply(
    expanded,
    Int32Array.from(column, (value) => value - 2 ** 15),
  );
  const shift = bank.multiply(expanded, new Int32Array(RING_DEGREE).fill(2 ** 14));
  const predicted = guess.map((word, i) => (word + 2 * shift[i]!) % DATA_PRIMES[i >> 13]!);
  const matches = ({ c1 }: SwitchedCiphertext): number => c1.filter((word, i) => word === predicted[i]).length;

  it('works without re-randomising: c1 is the public polynomial times the column', () => {
    assert.equal(matches(careless([weight], [column])), DATA_LIMBS * RING_DEGREE);
  });

  it('fails after it: no word fits, and c1 is uniform', () => {
    const sum = careless([weight], [column], { floodBits: department([16]).floodBits, label: 'c1' });
    assert.ok(matches(sum) < 4);
    const sent = evaluate([weight], [column], [16]);
    for (const [limb, prime] of SWITCHED_PRIMES.entries()) {
      const words = [...sent.c1.subarray(limb * RING_DEGREE, (limb + 1) * RING_DEGREE)];
      assert.ok(chiSquare(words, prime) < UNIFORM_LIMIT);
    }
  });

  it('fails for two runs over the same column: their c1 have nothing in common', () => {
    const [first, second] = ['one', 'two'].map((label) => evaluate([weight], [column], [16], label));
    assert.ok(first!.c1.filter((word, i) => word === second!.c1[i]).length < 4);
  });
});

describe('malformed ciphertexts within the seeded format', () => {
  const bits = [3];
  const column = columnOf('malformed', 3);
  const huge = 2n ** 70n;
  const weight = bank.seal('huge-noise', [huge]);
  const unit = (huge * SWITCHED_MODULUS) / MODULUS;
  /** Reads the value out of a phase that is a multiple of q'/t away from huge·value. */
  const readValue = (phase: bigint): bigint => {
    const delta = SWITCHED_MODULUS / PLAIN_MODULUS;
    const multiple = decode(phase);
    const rest = phase - (2n * SWITCHED_MODULUS * multiple + PLAIN_MODULUS) / (2n * PLAIN_MODULUS);
    assert.ok(rest < delta && rest > -delta);
    return (rest + unit / 2n) / unit;
  };

  it('would read every locked value if masks were uniform modulo t only', () => {
    const words = wordsOf('modulo-t', 2 * RING_DEGREE);
    const phases = bank.phase(evaluate([weight], [column], bits)).map((phase, i) => {
      const mask = (BigInt(words[2 * i]!) << 12n) ^ BigInt(words[2 * i + 1]!);
      const locked = phase + (SWITCHED_MODULUS * BigInt.asUintN(PLAIN_MODULUS_BITS, mask)) / PLAIN_MODULUS;
      const reduced = locked % SWITCHED_MODULUS;
      return 2n * reduced > SWITCHED_MODULUS ? reduced - SWITCHED_MODULUS : reduced;
    });
    assert.deepEqual(
      phases.map((phase) => Number(readValue(phase))),
      [...column],
    );
  });

  it('read nothing through a pad that is uniform modulo q′', () => {
    const polynomial = Array.from(wordsOf('non-constant', RING_DEGREE), (word) => BigInt(word) << 80n);
    for (const [name, forged] of [
      ['huge noise', weight],
      ['a polynomial of large coefficients', bank.seal('non-constant', polynomial)],
      ['c0 of zeros', { c0: new Uint32Array(DATA_LIMBS * RING_DEGREE), seed: new Uint8Array(64) }],
    ] as const) {
      const chunk = evaluate([forged], [column], bits);
      addPads(chunk.c0, padWords(name));
      const phases = bank.phase(chunk);
      assertUniform(phases, SWITCHED_MODULUS);
      const rightByChance = phases.filter((phase, i) => decode(phase) === BigInt(column[i]!)).length;
      assert.ok(rightByChance < 3);
    }
  });

  it('turn one unlocked coefficient into values of other members of the chunk, which the permutation makes strangers', () => {
    const message = new Array<bigint>(RING_DEGREE).fill(0n);
    message[5] = scaled(1n);
    message[100] = scaled(2n ** 20n);
    const ages = columnOf('ages', 16);
    const phases = bank.phase(evaluate([bank.seal('two-terms', message)], [ages], [16]));
    const unlocked = 6000;
    const read = decode(phases[unlocked]!);
    assert.equal(read & 0xfffffn, BigInt(ages[unlocked - 5]!));
    assert.equal(read >> 20n, BigInt(ages[unlocked - 100]!));
  });
});

describe('leaving a participant out, and coefficients nobody uses', () => {
  const participants = ['courts', 'gate', 'tax'];
  const used = 5000;
  const registered = (label: string): FeatureColumn => columnOf(label, 12).fill(0, used);
  const chunks = new Map<string, SwitchedCiphertext>([
    ['courts', evaluate([bank.weight('w0', 11n)], [registered('courts')], [12], 'courts')],
    ['tax', evaluate([bank.weight('w1', -5n)], [registered('tax')], [12], 'tax')],
    ['gate', { c0: new Uint32Array(2 * RING_DEGREE), c1: new Uint32Array(2 * RING_DEGREE) }],
  ]);
  const scores = Array.from(
    { length: RING_DEGREE },
    (_, i) => 11n * BigInt(registered('courts')[i]!) - 5n * BigInt(registered('tax')[i]!),
  );
  const masked = (own: string): SwitchedCiphertext => {
    const { c0, c1 } = chunks.get(own)!;
    const copy = c0.slice();
    const shares = participants
      .filter((peer) => peer !== own)
      .flatMap((peer) => {
        const [lower, higher] = own < peer ? [own, peer] : [peer, own];
        const pair = {
          secret: keyOf(`${lower}/${higher}`),
          computationId: keyOf('id'),
          lower: lower!,
          higher: higher!,
        };
        return [0, 1].map((limb) => ({
          limb,
          key: zeroShareKey({ ...pair, chunk: 0, limb }),
          sign: shareSign(own, peer),
        }));
      });
    addZeroShares(copy, shares, expand);
    return { c0: copy, c1 };
  };
  const sumOf = (parties: readonly string[]): SwitchedCiphertext => {
    const sum = { c0: new Uint32Array(2 * RING_DEGREE), c1: new Uint32Array(2 * RING_DEGREE) };
    for (const party of parties) {
      const { c0, c1 } = masked(party);
      addModular(sum.c0, c0);
      addModular(sum.c1, c1);
    }
    return sum;
  };

  it('gives the scores when all are in', () => {
    assert.deepEqual(bank.phase(sumOf(participants)).map(decode), scores);
  });

  it('gives uniform numbers when any one is out, a department or a gate', () => {
    for (const missing of participants) {
      const phases = bank.phase(sumOf(participants.filter((party) => party !== missing)));
      assertUniform(phases, SWITCHED_MODULUS);
      assert.ok(phases.filter((phase, i) => decode(phase) === scores[i]).length < 3);
    }
  });

  it('finds nothing in unused coefficients: they are locked like the others', () => {
    const open = bank.phase(sumOf(participants)).slice(used);
    assert.ok(open.every((phase) => decode(phase) === 0n));
    const locked = sumOf(participants);
    addPads(locked.c0, padWords('all 8192'));
    const phases = bank.phase(locked).slice(used);
    assertUniform(phases, SWITCHED_MODULUS);
    assert.ok(phases.filter((phase) => decode(phase) === 0n).length < 2);
  });
});
