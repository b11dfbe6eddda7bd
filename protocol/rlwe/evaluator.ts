/**
 * Department's side of sealed scoring: one chunk of features in, one sanitised ciphertext of two limbs out.
 *
 * Parties: the department calls it; the bank made the records. Trust: the records are hostile input and are parsed
 * strictly; nothing here decrypts. ▲ The order is fixed: accumulate, release noise, re-randomise, flood, switch the
 * modulus. What comes out still lacks its masks (masks.ts) and must not leave the department without them.
 * Source: DESIGN.md 3.2; docs/sealed-scoring.md.
 */
import { ProtocolError } from '../errors.ts';
import { type FeatureColumn, RlweKernel } from './kernel.ts';
import { SANITISE_BYTES } from './kernel-memory.ts';
import { type DepartmentParameters, MAX_FEATURES, RELEASE_NOISE_BITS } from './parameters.ts';
import { RING_DEGREE, SWITCHED_LIMBS } from './ring.ts';
import { parsePublicKeyRecord, parseWeightRecord, type SwitchedCiphertext } from './wire.ts';

/** AES-256-CTR keystream under a 32-byte key from a zero counter block: `lengthBytes` bytes, in a fresh array. */
export type KeystreamExpander = (key: Uint8Array, lengthBytes: number) => Uint8Array;

export interface ChunkInput {
  /** One column per feature in the model's order, each 8,192 unsigned values of the schema's width. */
  readonly columns: readonly FeatureColumn[];
  /** Noise of the released precision: 8,192 score units, each in (−2^28, 2^28); zeros where the grant asks for none. */
  readonly releaseNoise: Int32Array;
  /** This department's entry of the computation's parameters. */
  readonly parameters: DepartmentParameters;
  /** 32 bytes, used for this chunk of this computation and nothing else. */
  readonly sanitiseKey: Uint8Array;
  readonly expand: KeystreamExpander;
}

export interface ChunkEvaluator {
  /**
   * Loads a bank's model; replaces the one before.
   * @param publicKeyRecord - a public-key record. @param weightRecords - one weight record per feature, 1..256.
   * @throws {ProtocolError} RLWE_MODEL_FEATURES, and what the record parsers refuse.
   */
  loadModel(publicKeyRecord: Uint8Array, weightRecords: readonly Uint8Array[]): void;
  /**
   * Evaluates and sanitises one chunk. Same input, same bytes.
   * Learns: nobody anything yet; the caller learns nothing about weights, and the masked result tells the bank nothing.
   * @returns c0 and c1 modulo the first two primes, 16,384 words each, not yet masked.
   * @throws {ProtocolError} RLWE_MODEL_NOT_LOADED, RLWE_MODEL_SCHEMA, RLWE_COLUMN_SHAPE, RLWE_VALUE_RANGE,
   *   RLWE_RELEASE_NOISE, RLWE_KEYSTREAM
   */
  evaluateChunk(input: ChunkInput): SwitchedCiphertext;
}

/** Builds an evaluator with its own WebAssembly instance and memory. */
export function createEvaluator(): ChunkEvaluator {
  const kernel = new RlweKernel();
  return {
    loadModel: (publicKeyRecord, weightRecords) => loadModel(kernel, publicKeyRecord, weightRecords),
    evaluateChunk: (input) => {
      try {
        return evaluateChunk(kernel, input);
      } finally {
        kernel.wipe();
      }
    },
  };
}

function loadModel(kernel: RlweKernel, publicKeyRecord: Uint8Array, weightRecords: readonly Uint8Array[]): void {
  if (weightRecords.length < 1 || weightRecords.length > MAX_FEATURES) {
    throw new ProtocolError('RLWE_MODEL_FEATURES', { features: weightRecords.length, most: MAX_FEATURES });
  }
  kernel.loadModel(parsePublicKeyRecord(publicKeyRecord), weightRecords.map(parseWeightRecord));
}

function evaluateChunk(kernel: RlweKernel, input: ChunkInput): SwitchedCiphertext {
  assertShape(kernel, input);
  assertWidths(kernel.putColumns(input.columns), input.parameters);
  assertReleaseNoise(input.releaseNoise);
  const keystream = input.expand(input.sanitiseKey, SANITISE_BYTES);
  if (keystream.length !== SANITISE_BYTES || !kernel.sample(keystream)) {
    throw new ProtocolError('RLWE_KEYSTREAM', { sizeBytes: keystream.length, expectedBytes: SANITISE_BYTES });
  }
  kernel.accumulate();
  kernel.addErrors(input.releaseNoise);
  kernel.addFlood(input.parameters.floodBits);
  kernel.switchModulus();
  return kernel.read(SWITCHED_LIMBS);
}

function assertShape(kernel: RlweKernel, { columns, parameters, releaseNoise, sanitiseKey }: ChunkInput): void {
  if (kernel.features === 0) throw new ProtocolError('RLWE_MODEL_NOT_LOADED');
  const features = kernel.features;
  if (parameters.valueBits.length !== features || columns.length !== features) {
    throw new ProtocolError('RLWE_MODEL_SCHEMA', {
      features,
      schema: parameters.valueBits.length,
      columns: columns.length,
    });
  }
  for (const [feature, column] of columns.entries()) {
    if (column.length !== RING_DEGREE) {
      throw new ProtocolError('RLWE_COLUMN_SHAPE', { feature, values: column.length, expected: RING_DEGREE });
    }
  }
  if (releaseNoise.length !== RING_DEGREE) {
    throw new ProtocolError('RLWE_RELEASE_NOISE', { values: releaseNoise.length, expected: RING_DEGREE });
  }
  if (sanitiseKey.length !== 32) {
    throw new ProtocolError('RLWE_KEYSTREAM', { sizeBytes: sanitiseKey.length, expectedBytes: 32 });
  }
}

function assertWidths(unions: readonly number[], parameters: DepartmentParameters): void {
  unions.forEach((union, feature) => {
    const bits = parameters.valueBits[feature]!;
    if (union >= 2 ** bits) throw new ProtocolError('RLWE_VALUE_RANGE', { feature, bits });
  });
}

/** Union of magnitudes' bits, so that the time taken tells nothing about the noise. */
function assertReleaseNoise(noise: Int32Array): void {
  let union = 0;
  for (let i = 0; i < noise.length; i++) union |= noise[i]! ^ (noise[i]! >> 31);
  if (union >>> RELEASE_NOISE_BITS !== 0) {
    throw new ProtocolError('RLWE_RELEASE_NOISE', { bits: RELEASE_NOISE_BITS, expected: RING_DEGREE });
  }
}
