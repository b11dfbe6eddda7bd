/**
 * Sealed scoring on one core: all departments' work for 900,000 people × 113 features, sanitising and masks included,
 * against node-seal's evaluator (multiplication in NTT form) and the cleartext dot product, in one run.
 *
 * Times are CPU time and medians per chunk (per product for node-seal), which a busy neighbour disturbs least.
 * Left out on both sides: making keys and weights (once per model), reading the data, the network, the bank's sum.
 */
import { createCipheriv, randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { createEvaluator, type KeystreamExpander } from '@sealedger/protocol/rlwe/evaluator.ts';
import { addZeroShares, createZeroShareKeys, shareSign, type ZeroShare } from '@sealedger/protocol/rlwe/masks.ts';
import { type DepartmentParameters, deriveParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import { RING_DEGREE, SWITCHED_LIMBS } from '@sealedger/protocol/rlwe/ring.ts';
import { parseWeightRecord } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { createSealContext, PLAINTEXT_HEADER_BYTES, withHandles, writeSeeded } from '@sealedger/sdk/he-context.ts';
import { initialize } from 'node-seal';
import type { BenchRow } from './bench-row.ts';

export interface ScoringBenchOptions {
  readonly people?: number;
  readonly features?: number;
}

const VALUE_BITS = 16;
const GATE = 'gate';
const SEAL_SAMPLE_CHUNKS = 3;
const ZERO_COUNTER = new Uint8Array(16);
const ZEROS = new Uint8Array(1 << 19);

const expand: KeystreamExpander = (key, lengthBytes) =>
  createCipheriv('aes-256-ctr', key, ZERO_COUNTER).update(ZEROS.subarray(0, lengthBytes));

interface Workload {
  readonly chunks: number;
  readonly features: number;
  /** Column-major within a chunk: values of feature j of chunk c start at (c·features + j)·8,192. */
  readonly values: Uint16Array;
  readonly weights: readonly bigint[];
}

interface Timing {
  readonly evaluateMs: number;
  readonly maskMs: number;
}

/** Runs every measurement; about 30 s on an idle core. */
export async function run(options: ScoringBenchOptions = {}): Promise<BenchRow[]> {
  const { people = 900_000, features = 113 } = options;
  const workload = generate(Math.ceil(people / RING_DEGREE), features);
  const total = people * features;
  const owner = await createSealedModelOwner();
  try {
    const plainMs = cleartext(workload);
    const sealBefore = await measureSeal(owner, workload);
    const five = measureDepartments(owner, workload, 5);
    const sealAfter = await measureSeal(owner, workload);
    const eighteen = measureDepartments(owner, workload, 18);
    const sealMs = (total * (sealBefore + sealAfter)) / 2;
    return [
      ...rows('5 departments', five, total, sealMs, plainMs),
      ...rows('18 departments', eighteen, total, sealMs, plainMs),
      row('node-seal, NTT form, without sanitising', rate(total, sealMs), 'M values/s/core'),
      row('cleartext dot product, JavaScript', rate(total, plainMs), 'M values/s/core'),
    ];
  } finally {
    owner.delete();
  }
}

function rows(name: string, timing: Timing, total: number, sealMs: number, plainMs: number): BenchRow[] {
  const allMs = timing.evaluateMs + timing.maskMs;
  return [
    {
      ...row(`kernel with sanitising, ${name}`, rate(total, timing.evaluateMs), 'M values/s/core'),
      against: 'node-seal, NTT form',
      ratio: sealMs / timing.evaluateMs,
    },
    {
      ...row(`kernel, sanitising and zero shares, ${name}`, rate(total, allMs), 'M values/s/core'),
      against: 'node-seal, NTT form',
      ratio: sealMs / allMs,
    },
    {
      ...row(`  time on one core, ${name}`, allMs / 1000, 's'),
      against: 'cleartext dot product',
      ratio: plainMs / allMs,
    },
    row(`  of which evaluation and sanitising, ${name}`, timing.evaluateMs / 1000, 's'),
    row(`  of which zero shares, ${name} and 1 gate`, timing.maskMs / 1000, 's'),
  ];
}

function row(what: string, value: number, unit: string): BenchRow {
  return { what, value: Math.round(value * 1000) / 1000, unit, against: null, ratio: null };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** CPU time of this process in milliseconds, its collector's threads included: neighbours on the machine do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const rate = (values: number, ms: number): number => values / ms / 1000;

/** Values from a 32-bit xorshift, weights spread over ±300,000. */
function generate(chunks: number, features: number): Workload {
  const values = new Uint16Array(chunks * features * RING_DEGREE);
  let state = 2463534242;
  for (let i = 0; i < values.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = state;
  }
  const weights = Array.from({ length: features }, (_, j) => BigInt((j * 104_729) % 600_000) - 300_000n);
  return { chunks, features, values, weights };
}

function columnsOf({ features, values }: Workload, chunk: number, start: number, count: number): Uint16Array[] {
  return Array.from({ length: count }, (_, j) => {
    const at = (chunk * features + start + j) * RING_DEGREE;
    return values.subarray(at, at + RING_DEGREE);
  });
}

/** All departments, one after the other, each over all chunks. */
function measureDepartments(owner: SealedModelOwner, workload: Workload, count: number): Timing {
  const split = Array.from({ length: count }, (_, d) => ({
    party: `department-${String(d).padStart(2, '0')}`,
    start: Math.floor((d * workload.features) / count),
    end: Math.floor(((d + 1) * workload.features) / count),
  }));
  const parameters = deriveParameters({
    departments: split.map(({ party, start, end }) => ({
      party,
      valueBits: new Array<number>(end - start).fill(VALUE_BITS),
    })),
    gates: 1,
  });
  const participants = [...split.map(({ party }) => party), GATE];
  const timings = split.map((part, d) =>
    measureDepartment(owner, workload, { ...part, parameters: parameters.departments[d]!, participants }),
  );
  return {
    evaluateMs: timings.reduce((sum, { evaluateMs }) => sum + evaluateMs, 0),
    maskMs: timings.reduce((sum, { maskMs }) => sum + maskMs, 0),
  };
}

interface DepartmentPart {
  readonly party: string;
  readonly start: number;
  readonly end: number;
  readonly parameters: DepartmentParameters;
  readonly participants: readonly string[];
}

function measureDepartment(owner: SealedModelOwner, workload: Workload, part: DepartmentPart): Timing {
  const { start, end, parameters } = part;
  const evaluator = createEvaluator();
  evaluator.loadModel(owner.publicKeyRecord, owner.encryptWeights(workload.weights.slice(start, end)));
  const releaseNoise = new Int32Array(RING_DEGREE);
  const sharesOf = shareKeys(part);
  const evaluate = (chunk: number) => {
    const columns = columnsOf(workload, chunk, start, end - start);
    return evaluator.evaluateChunk({ columns, releaseNoise, parameters, sanitiseKey: randomBytes(32), expand });
  };
  addZeroShares(evaluate(0).c0, sharesOf(workload.chunks), expand);
  const evaluations: number[] = [];
  const maskings: number[] = [];
  for (let chunk = 0; chunk < workload.chunks; chunk++) {
    const begin = cpuMs();
    const { c0 } = evaluate(chunk);
    const evaluated = cpuMs();
    addZeroShares(c0, sharesOf(chunk), expand);
    maskings.push(cpuMs() - evaluated);
    evaluations.push(evaluated - begin);
  }
  return { evaluateMs: workload.chunks * median(evaluations), maskMs: workload.chunks * median(maskings) };
}

/** Derives a chunk's streams with every other participant; the X25519 secrets are made once per computation. */
function shareKeys({ party, participants }: DepartmentPart): (chunk: number) => ZeroShare[] {
  const computationId = randomBytes(32);
  const peers = participants
    .filter((peer) => peer !== party)
    .map((peer) => {
      const [lower, higher] = party < peer ? [party, peer] : [peer, party];
      const keys = createZeroShareKeys({ secret: randomBytes(32), computationId, lower: lower!, higher: higher! });
      return { keys, sign: shareSign(party, peer) };
    });
  return (chunk) =>
    peers.flatMap(({ keys, sign }) =>
      Array.from({ length: SWITCHED_LIMBS }, (_, limb) => ({ limb, key: keys(chunk, limb), sign })),
    );
}

/** Milliseconds for the whole cleartext product, scores as doubles. */
function cleartext(workload: Workload): number {
  const weights = workload.weights.map(Number);
  const scores = new Float64Array(RING_DEGREE);
  let checksum = 0;
  const pass = (): void => {
    for (let chunk = 0; chunk < workload.chunks; chunk++) {
      scores.fill(0);
      columnsOf(workload, chunk, 0, workload.features).forEach((column, j) => {
        addScaled(scores, column, weights[j]!);
      });
      checksum += scores[chunk % RING_DEGREE]!;
    }
  };
  const timings = Array.from({ length: 6 }, () => {
    const begin = cpuMs();
    pass();
    return cpuMs() - begin;
  });
  if (!Number.isFinite(checksum)) throw new Error('the cleartext product is not finite');
  return median(timings.slice(1));
}

function addScaled(scores: Float64Array, column: Uint16Array, weight: number): void {
  for (let i = 0; i < scores.length; i++) scores[i]! += weight * column[i]!;
}

/** Milliseconds per value of node-seal: plaintext to NTT form, multiply, add, with the weights in NTT form already. */
async function measureSeal(owner: SealedModelOwner, workload: Workload): Promise<number> {
  const seal = await initialize();
  return withHandles((scope) => {
    const context = scope.keep(createSealContext(seal));
    const none = seal.ComprModeType.none;
    const generator = scope.keep(new seal.KeyGenerator(context));
    const publicKey = scope.keep(generator.createPublicKey());
    const encryptor = scope.keep(new seal.Encryptor(context, publicKey, scope.keep(generator.secretKey())));
    const zero = scope.keep(new seal.Plaintext(RING_DEGREE, RING_DEGREE));
    const plainBytes = zero.saveToArray(none) as Uint8Array;
    const sealedBytes = scope.keep(encryptor.encryptSymmetricSerializable(zero)).saveToArray(none) as Uint8Array;
    const evaluator = scope.keep(new seal.Evaluator(context));
    const weights = owner.encryptWeights(workload.weights.slice(0, 23)).map((record) => {
      const weight = scope.keep(new seal.Ciphertext(context));
      weight.loadFromArray(context, writeSeeded(sealedBytes, parseWeightRecord(record)));
      evaluator.cipherTransformToNttInplace(weight);
      return weight;
    });
    const level = scope.keep(context.firstParmsId());
    const plain = scope.keep(new seal.Plaintext());
    const [sum, product] = [scope.keep(new seal.Ciphertext(context)), scope.keep(new seal.Ciphertext(context))];
    const timings: number[] = [];
    const chunks = Math.min(SEAL_SAMPLE_CHUNKS, workload.chunks);
    for (let chunk = 0; chunk < chunks; chunk++) {
      columnsOf(workload, chunk, 0, weights.length).forEach((column, j) => {
        plain.loadFromArray(context, fillPlain(plainBytes, column));
        const begin = cpuMs();
        evaluator.plainTransformToNttInplace(plain, level);
        evaluator.multiplyPlain(weights[j]!, plain, j === 0 ? sum : product);
        if (j > 0) evaluator.addInplace(sum, product);
        timings.push(cpuMs() - begin);
      });
    }
    return median(timings) / RING_DEGREE;
  });
}

function fillPlain(bytes: Uint8Array, column: Uint16Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0; i < RING_DEGREE; i++) view.setUint32(PLAINTEXT_HEADER_BYTES + 8 * i, column[i]!, true);
  return bytes;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.table(await run());
}
