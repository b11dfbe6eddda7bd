/**
 * Parameters of one sealed computation: what noise the schema can make, how much flood hides it, and whether the sum
 * of all participants still decrypts. Derivation with the numbers: docs/sealed-scoring.md.
 *
 * Everything is derived from public facts (features and their widths, number of participants), so every party derives
 * the same object, and it enters the computation id.
 */
import { ProtocolError } from '../errors.ts';
import {
  MODULUS,
  PLAIN_MODULUS,
  RING_DEGREE,
  RING_TAG,
  ringParameters,
  SWITCHED_MODULUS,
  TWICE_ERROR_VARIANCE,
} from './ring.ts';

export { RING_DEGREE };

export const MAX_PARTICIPANTS = 32;
export const MAX_VALUE_BITS = 20;
/** Per department: bounds the memory of a loaded model (about 260 kB a feature). */
export const MAX_FEATURES = 256;
/** The register may have this many chunks (33.5 million subjects); the union bounds run over all of them. */
export const MAX_CHUNKS = 4096;
/** Release noise must lie in (−2^28, 2^28) score units. */
export const RELEASE_NOISE_BITS = 28;
/** A score, release noise included, must lie strictly inside ±2^43: half the plain modulus. */
export const SCORE_LIMIT = PLAIN_MODULUS / 2n;
/** Statistical distance (flood over bound) and failure probability are both 2^−40. */
export const SECURITY_MARGIN_BITS = 40;

export interface DepartmentSchema {
  readonly party: string;
  /** Width of each of the department's features in bits, in the order of its columns. */
  readonly valueBits: readonly number[];
}

export interface DepartmentParameters {
  readonly party: string;
  readonly valueBits: readonly number[];
  /** The accumulated noise stays within ±2^noiseBits but for a probability below 2^−40 over the whole table. */
  readonly noiseBits: number;
  /** The flood is uniform in [−2^floodBits, 2^floodBits). */
  readonly floodBits: number;
}

/** Plain JSON; goes into the computation id as it is. */
export interface RlweParameters {
  readonly ring: typeof ringParameters;
  readonly ringTag: string;
  readonly departments: readonly DepartmentParameters[];
  readonly gates: number;
  readonly maxChunks: number;
  readonly releaseNoiseBits: number;
}

/**
 * Derives the parameters of a computation.
 * @param schema - departments that have features, each with its widths in bits (1..20), and the number of gates.
 * @throws {ProtocolError} RLWE_PARAMETERS_PARTICIPANTS, RLWE_PARAMETERS_FEATURES, RLWE_PARAMETERS_WIDTH, and
 *   RLWE_PARAMETERS_NOISE where the sum would not decrypt; the details say what would fit.
 * Source: DESIGN.md 3.2; docs/sealed-scoring.md, "Noise" and "Correctness".
 */
export function deriveParameters(schema: {
  readonly departments: readonly DepartmentSchema[];
  readonly gates: number;
}): RlweParameters {
  assertParticipants(schema.departments.length, schema.gates);
  const departments = schema.departments.map(departmentParameters);
  assertDecrypts(departments);
  return {
    ring: ringParameters,
    ringTag: RING_TAG,
    departments,
    gates: schema.gates,
    maxChunks: MAX_CHUNKS,
    releaseNoiseBits: RELEASE_NOISE_BITS,
  };
}

/** One department's entry. @throws {ProtocolError} RLWE_PARAMETERS_PARTY when it takes no part. */
export function departmentOf(parameters: RlweParameters, party: string): DepartmentParameters {
  const found = parameters.departments.find((department) => department.party === party);
  if (found === undefined) throw new ProtocolError('RLWE_PARAMETERS_PARTY', { party });
  return found;
}

/**
 * Refuses a model whose scores could leave ±2^43, half the plain modulus.
 * @param maxAbsScore - Σ|w|·max|x| over all features, score units. @param maxAbsNoise - Σ of the departments' largest release noise.
 * @throws {ProtocolError} SCORE_RANGE_OVERFLOW
 */
export function assertScoreRange(maxAbsScore: bigint, maxAbsNoise = 0n): void {
  const reach = maxAbsScore + maxAbsNoise;
  if (maxAbsScore < 0n || maxAbsNoise < 0n || reach >= SCORE_LIMIT) {
    throw new ProtocolError('SCORE_RANGE_OVERFLOW', {
      reachBits: reach.toString(2).length,
      limitBits: SCORE_LIMIT.toString(2).length - 1,
    });
  }
}

/**
 * 2·ln(2·2^40·N·chunks) = 2·ln 2^66 = 91.5, rounded up to an integer so that every party computes the same bound:
 * a sub-Gaussian sum with variance proxy v leaves ±sqrt(TAIL_FACTOR·v) with probability below 2^−40 in the whole table.
 */
const TAIL_FACTOR = 92;

/** The smallest b such that Σ_j x_j·e_j + e·u + e2·s + e1 and the roundings stay within ±2^b over one coefficient. */
function noiseBits(valueBits: readonly number[]): number {
  const squares = valueBits.reduce((sum, bits) => sum + (2n ** BigInt(bits) - 1n) ** 2n, 0n);
  const rounding = valueBits.reduce((sum, bits) => sum + 2n ** BigInt(bits - 1), 1n);
  const proxy = TWICE_ERROR_VARIANCE * (BigInt(RING_DEGREE) * (squares + 2n) + 1n);
  let bits = 1n;
  while (2n ** bits < rounding || 2n * (2n ** bits - rounding) ** 2n < BigInt(TAIL_FACTOR) * proxy) bits++;
  return Number(bits);
}

function departmentParameters(department: DepartmentSchema): DepartmentParameters {
  const { party, valueBits } = department;
  if (valueBits.length < 1 || valueBits.length > MAX_FEATURES) {
    throw new ProtocolError('RLWE_PARAMETERS_FEATURES', { party, features: valueBits.length, most: MAX_FEATURES });
  }
  for (const [feature, bits] of valueBits.entries()) {
    if (!Number.isInteger(bits) || bits < 1 || bits > MAX_VALUE_BITS) {
      throw new ProtocolError('RLWE_PARAMETERS_WIDTH', { party, feature, bits, most: MAX_VALUE_BITS });
    }
  }
  const bound = noiseBits(valueBits);
  return { party, valueBits: [...valueBits], noiseBits: bound, floodBits: bound + SECURITY_MARGIN_BITS };
}

function assertParticipants(departments: number, gates: number): void {
  const isWhole = Number.isInteger(departments) && Number.isInteger(gates);
  if (!isWhole || departments < 1 || gates < 0 || departments + gates > MAX_PARTICIPANTS) {
    throw new ProtocolError('RLWE_PARAMETERS_PARTICIPANTS', { departments, gates, most: MAX_PARTICIPANTS });
  }
}

/** Noise of the sum in units of the switched modulus: floods and bounds scaled by q'/q, and the rounding of the switch. */
function noiseAfterSwitch(departments: readonly DepartmentParameters[]): number {
  const scale = Number(SWITCHED_MODULUS) / Number(MODULUS);
  const flooded = departments.reduce((sum, { floodBits, noiseBits: own }) => sum + 2 ** floodBits + 2 ** own, 0);
  const perCoefficient = 0.25 * (1 + 2 ** -29);
  const switching = Math.sqrt(TAIL_FACTOR * departments.length * RING_DEGREE * perCoefficient) + departments.length;
  return flooded * scale + switching;
}

/** What decrypts: half of q'/t, less one part in 2^7 for the decryptor's own rounding. */
const DECRYPTION_LIMIT = (Number(SWITCHED_MODULUS) / Number(PLAIN_MODULUS) / 2) * (1 - 2 ** -7);

function assertDecrypts(departments: readonly DepartmentParameters[]): void {
  const noise = noiseAfterSwitch(departments);
  if (noise <= DECRYPTION_LIMIT) return;
  throw new ProtocolError('RLWE_PARAMETERS_NOISE', {
    noiseBits: Math.round(Math.log2(noise) * 100) / 100,
    limitBits: Math.round(Math.log2(DECRYPTION_LIMIT) * 100) / 100,
    widestThatFits: widestThatFits(departments),
  });
}

/** The largest width in bits which all features could have with this split, 0 where none fits. */
function widestThatFits(departments: readonly DepartmentParameters[]): number {
  for (let bits = MAX_VALUE_BITS; bits > 0; bits--) {
    const narrowed = departments.map((department) =>
      departmentParameters({
        party: department.party,
        valueBits: department.valueBits.map((own) => Math.min(own, bits)),
      }),
    );
    if (noiseAfterSwitch(narrowed) <= DECRYPTION_LIMIT) return bits;
  }
  return 0;
}
