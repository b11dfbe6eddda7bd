/**
 * The bank's sum of all participants' chunks: where the zero shares cancel and only the gates' pads are left.
 *
 * Learns: the bank learns nothing from the sum until pads are taken off; a sum that lacks one participant is uniform.
 */
import { ProtocolError } from '../errors.ts';
import { MAX_PARTICIPANTS } from './parameters.ts';
import { RING_DEGREE, SWITCHED_LIMBS, SWITCHED_PRIMES } from './ring.ts';
import { parseDepartmentChunk, parseGateChunk, type SwitchedCiphertext } from './wire.ts';

/** The sum over all participants of one chunk: the sealed table's unit. */
export type SealedChunk = SwitchedCiphertext;

/** A sum in the making: records are parsed, checked and added one at a time. */
export interface ChunkSum {
  /** Adds a department's record. @throws {ProtocolError} RLWE_SUM_PARTICIPANTS and what parseDepartmentChunk refuses. */
  addDepartmentChunk(record: Uint8Array): void;
  /** Adds a gate's record. @throws {ProtocolError} RLWE_SUM_PARTICIPANTS and what parseGateChunk refuses. */
  addGateChunk(record: Uint8Array): void;
  /** A copy of the sum so far. @throws {ProtocolError} RLWE_SUM_PARTICIPANTS before the first department. */
  sealed(): SealedChunk;
}

/** Starts an empty sum of one chunk. */
export function createChunkSum(): ChunkSum {
  const c0 = new Uint32Array(SWITCHED_LIMBS * RING_DEGREE);
  const c1 = new Uint32Array(SWITCHED_LIMBS * RING_DEGREE);
  let departments = 0;
  let gates = 0;
  const refuse = (): never => {
    throw new ProtocolError('RLWE_SUM_PARTICIPANTS', { departments, gates, most: MAX_PARTICIPANTS });
  };
  return {
    addDepartmentChunk: (record) => {
      if (departments + gates >= MAX_PARTICIPANTS) refuse();
      const chunk = parseDepartmentChunk(record);
      addModular(c0, chunk.c0);
      addModular(c1, chunk.c1);
      departments += 1;
    },
    addGateChunk: (record) => {
      if (departments + gates >= MAX_PARTICIPANTS) refuse();
      addModular(c0, parseGateChunk(record).c0);
      gates += 1;
    },
    sealed: () => (departments > 0 ? { c0: c0.slice(), c1: c1.slice() } : refuse()),
  };
}

/** target += words modulo each limb's prime, in place, both limbs. @throws {ProtocolError} RLWE_RECORD_LENGTH */
export function addModular(target: Uint32Array, words: Uint32Array): void {
  if (words.length !== target.length || target.length !== SWITCHED_LIMBS * RING_DEGREE) {
    throw new ProtocolError('RLWE_RECORD_LENGTH', {
      kind: 'sum',
      part: 'words',
      expected: SWITCHED_LIMBS * RING_DEGREE,
    });
  }
  SWITCHED_PRIMES.forEach((prime, limb) => {
    for (let i = limb * RING_DEGREE; i < (limb + 1) * RING_DEGREE; i++) {
      const sum = target[i]! + words[i]! - prime;
      target[i] = sum + (prime & (sum >> 31));
    }
  });
}
