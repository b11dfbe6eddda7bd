/**
 * One chunk of one participant: evaluated and sanitised where it is a department, locked where it is a gate, masked always.
 *
 * Learns: the bank, which gets the bytes, nothing: c0 is uniform modulo q' until all participants' chunks are added, and
 * stays so in every coefficient whose pads it does not have. Same computation, same bytes.
 */
import { concat, fromHex, toHex, uint32be, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import type { HkdfPort } from '@sealedger/protocol/hkdf.ts';
import { POPRF_ELEMENT_BYTES, type Poprf, type PoprfEvaluator } from '@sealedger/protocol/poprf.ts';
import { LOCATOR_BYTES, locatorFromOutput } from '@sealedger/protocol/register.ts';
import { type ChunkEvaluator, createEvaluator } from '@sealedger/protocol/rlwe/evaluator.ts';
import {
  addPads,
  addZeroShares,
  createZeroShareKeys,
  padFromPoprfOutput,
  shareSign,
} from '@sealedger/protocol/rlwe/masks.ts';
import type { DepartmentParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import { RING_DEGREE, SWITCHED_LIMBS, SWITCHED_PRIMES } from '@sealedger/protocol/rlwe/ring.ts';
import { serialiseDepartmentChunk, serialiseGateChunk } from '@sealedger/protocol/rlwe/wire.ts';
import { expand, hkdf, hmacSha256, sha256 } from '../crypto.ts';
import { identifierAt, TAG_BYTES } from '../match/register.ts';
import { chunkColumns, type FeatureColumns } from './columns.ts';
import { releaseNoise } from './release-noise.ts';

/** What a department's worker holds; big arrays are shared memory. */
export interface DepartmentWork {
  readonly publicKeyRecord: Uint8Array;
  readonly weightRecords: readonly Uint8Array[];
  readonly features: FeatureColumns;
  readonly parameters: DepartmentParameters;
  readonly noise: { readonly key: Uint8Array; readonly totalWidth: number };
}

/** What a gate's worker holds. */
export interface GateWork {
  readonly secretKey: Uint8Array;
  readonly identifiers: Uint8Array;
  /** The identifiers hashed to the group, 32 bytes each, in register order. */
  readonly elements: Uint8Array;
}

export interface ChunkWork {
  readonly computationId: string;
  readonly org: string;
  readonly people: number;
  /** Register tags in rank order; the release noise is drawn by subject. */
  readonly tags: Uint8Array;
  readonly rankOfSlot: Uint32Array;
  /** X25519 secrets shared with every other participant. */
  readonly pairs: readonly { readonly org: string; readonly secret: Uint8Array }[];
  /** Root of this computation's sanitising randomness and of what goes into unused slots. */
  readonly seed: Uint8Array;
  readonly department: DepartmentWork | null;
  readonly gate: GateWork | null;
}

export interface ChunkOutput {
  readonly bytes: Uint8Array;
  /** Keyed digest of the values that went in; the key stays in the node. */
  readonly inputDigest: string;
}

export interface ChunkMaker {
  make(chunk: number): ChunkOutput;
}

/** @param poprf - loaded library; used by gates only. */
export function createChunkMaker(work: ChunkWork, poprf: Poprf): ChunkMaker {
  const id = fromHex(work.computationId, 32);
  const evaluator = work.department === null ? null : createEvaluator();
  if (work.department !== null) evaluator!.loadModel(work.department.publicKeyRecord, work.department.weightRecords);
  const derive = poprf.createOutputHkdf();
  const gateEvaluator = work.gate === null ? null : poprf.createEvaluator(work.gate.secretKey, id);
  const pairs = work.pairs.map((pair) => {
    const [lower, higher] = pair.org < work.org ? [pair.org, work.org] : [work.org, pair.org];
    return {
      keys: createZeroShareKeys({ secret: pair.secret, computationId: id, lower: lower!, higher: higher! }),
      sign: shareSign(work.org, pair.org),
    };
  });
  return {
    make: (chunk) => {
      const evaluated = evaluator === null ? null : evaluate(work, evaluator, chunk);
      const c0 = evaluated?.ciphertext.c0 ?? new Uint32Array(SWITCHED_LIMBS * RING_DEGREE);
      addZeroShares(
        c0,
        pairs.flatMap(({ keys, sign }) => SWITCHED_PRIMES.map((_, limb) => ({ limb, key: keys(chunk, limb), sign }))),
        expand,
      );
      const locked = gateEvaluator === null ? null : lock(work, gateEvaluator, derive, chunk);
      if (locked !== null) addPads(c0, locked.pads);
      const record =
        evaluated === null ? serialiseGateChunk({ c0 }) : serialiseDepartmentChunk({ c0, c1: evaluated.ciphertext.c1 });
      const bytes = locked === null ? record : concat(record, locked.locators);
      return { bytes, inputDigest: evaluated?.inputDigest ?? gateInputDigest(work, chunk) };
    },
  };
}

function evaluate(work: ChunkWork, evaluator: ChunkEvaluator, chunk: number) {
  const { features, parameters, noise } = work.department!;
  const columns = chunkColumns(features, work.rankOfSlot, chunk, RING_DEGREE);
  const inputDigest = toHex(
    hmacSha256(chunkKey(work, domains.inputDigest, chunk), ...columns.map((column) => new Uint8Array(column.buffer))),
  );
  const ciphertext = evaluator.evaluateChunk({
    columns,
    releaseNoise: releaseNoise(noise.key, noise.totalWidth, chunkTags(work, chunk)),
    parameters,
    sanitiseKey: chunkKey(work, domains.sanitise, chunk),
    expand,
  });
  return { ciphertext, inputDigest };
}

/** Pads and locators of a chunk; unused slots get discarded randomness of the same form. */
function lock(
  work: ChunkWork,
  evaluator: PoprfEvaluator,
  derive: HkdfPort,
  chunk: number,
): { pads: Uint32Array; locators: Uint8Array } {
  const pads = new Uint32Array(SWITCHED_LIMBS * RING_DEGREE);
  const locators = new Uint8Array(RING_DEGREE * LOCATOR_BYTES);
  const first = chunk * RING_DEGREE;
  const discarded = expand(chunkKey(work, domains.discarded, chunk), RING_DEGREE * 64);
  for (let i = 0; i < RING_DEGREE; i++) {
    const slot = first + i;
    const output =
      slot < work.people
        ? evaluateRank(work.gate!, evaluator, work.rankOfSlot[slot]!)
        : discarded.subarray(64 * i, 64 * (i + 1));
    for (let limb = 0; limb < SWITCHED_PRIMES.length; limb++) {
      pads[limb * RING_DEGREE + i] = padFromPoprfOutput(output, limb, derive);
    }
    locators.set(locatorFromOutput(output, derive), i * LOCATOR_BYTES);
  }
  return { pads, locators };
}

function evaluateRank(gate: GateWork, evaluator: PoprfEvaluator, rank: number): Uint8Array {
  const element = gate.elements.slice(rank * POPRF_ELEMENT_BYTES, (rank + 1) * POPRF_ELEMENT_BYTES);
  return evaluator.evaluate(utf8(identifierAt(gate, rank)), element);
}

/** Tags of a chunk's slots; zeros for unused ones. */
function chunkTags(work: ChunkWork, chunk: number): Uint8Array {
  const tags = new Uint8Array(RING_DEGREE * TAG_BYTES);
  const first = chunk * RING_DEGREE;
  const used = Math.min(RING_DEGREE, work.people - first);
  for (let i = 0; i < used; i++) {
    const rank = work.rankOfSlot[first + i]!;
    tags.set(work.tags.subarray(rank * TAG_BYTES, (rank + 1) * TAG_BYTES), i * TAG_BYTES);
  }
  return tags;
}

function gateInputDigest(work: ChunkWork, chunk: number): string {
  return toHex(sha256(chunkKey(work, domains.inputDigest, chunk), chunkTags(work, chunk)));
}

function chunkKey(work: ChunkWork, domain: string, chunk: number): Uint8Array {
  return hkdf(work.seed, fromHex(work.computationId, 32), concat(utf8(domain), uint32be(chunk)), 32);
}
