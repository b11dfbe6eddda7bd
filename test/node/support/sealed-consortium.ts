/**
 * Two departments (`court`, `tax`) and two gates (`bureau`, and `tax` again) with real keys, as their workers hold them:
 * any number of computations over one register, any bank's ciphertexts.
 */
import { type ChunkWork, createChunkMaker } from '@sealedger/node/compute/chunk.ts';
import type { FeatureColumns } from '@sealedger/node/compute/columns.ts';
import { noiseWidth, releaseNoise, releaseNoiseKey } from '@sealedger/node/compute/release-noise.ts';
import { expand } from '@sealedger/node/crypto.ts';
import { buildRegister, identifierAt } from '@sealedger/node/match/register.ts';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import type { Poprf } from '@sealedger/protocol/poprf.ts';
import { computationKeyPair, slotPermutation } from '@sealedger/protocol/register.ts';
import { padFromPoprfOutput } from '@sealedger/protocol/rlwe/masks.ts';
import { departmentOf, deriveParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import { SWITCHED_PRIMES } from '@sealedger/protocol/rlwe/ring.ts';
import { createChunkSum, type SealedChunk } from '@sealedger/protocol/rlwe/sum.ts';
import { DEPARTMENT_CHUNK_BYTES, GATE_CHUNK_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import { x25519SharedSecret } from '@sealedger/protocol/signature.ts';
import { keyOf } from './organisations.ts';
import { subjectsOf } from './subjects.ts';

export const SCALE_BITS = 20;
export const departments = ['court', 'tax'] as const;
export type Department = (typeof departments)[number];
export const gates = ['bureau', 'tax'] as const;
export const everyone = ['bureau', 'court', 'tax'] as const;
/** Widths of each department's features. */
export const valueBits = { court: [16, 1], tax: [16, 8, 16] } as const;

export const parameters = deriveParameters({
  departments: departments.map((party) => ({ party, valueBits: [...valueBits[party]] })),
  gates: gates.length,
});
/** What a bank gives to a department. */
export interface BankRecords {
  readonly publicKeyRecord: Uint8Array;
  readonly weightRecords: Readonly<Record<Department, readonly Uint8Array[]>>;
}

export interface Computation {
  readonly id: string;
  readonly slotOfRank: Uint32Array;
  readonly rankOfSlot: Uint32Array;
  readonly works: ReadonlyMap<string, ChunkWork>;
  /** The bytes that a participant sends for a chunk. */
  chunk(org: string, chunk: number): Uint8Array;
  /** The bank's sum over these participants. */
  sum(chunk: number, orgs?: readonly string[]): SealedChunk;
  /** One gate's pad of a register rank, per limb. */
  pads(gate: string, rank: number): number[];
}

export interface SealedConsortium {
  readonly people: number;
  readonly columns: Readonly<Record<Department, FeatureColumns>>;
  readonly identifiers: Uint8Array;
  /** Integers of one department: the weighted sum without and with release noise. */
  partOf(party: Department, weights: readonly bigint[], rank: number): { exact: bigint; released: bigint };
  /** @param orgs - participants; all unless said. */
  compute(label: string, records: BankRecords, orgs?: readonly string[]): Computation;
}

/** A register of `people` and tables in which everything is drawn from labels. */
export function sealedConsortium(people: number, poprf: Poprf): SealedConsortium {
  const registerKey = keyOf('register key');
  const { tags, identifiers } = buildRegister(registerKey, subjectsOf(people));
  const elements = new Uint8Array(32 * people);
  for (let rank = 0; rank < people; rank++) {
    elements.set(poprf.hashToGroup(utf8(identifierAt({ identifiers }, rank))), 32 * rank);
  }
  const columns = { court: columnsOf('court', people), tax: columnsOf('tax', people) };
  const totalWidth = noiseWidth(SCALE_BITS, -12, departments.length);
  const noiseKey = (party: string) =>
    releaseNoiseKey(keyOf(`${party}/seed`), keyOf('model'), keyOf(`${party}/dataset`));
  const compute: SealedConsortium['compute'] = (label, records, orgs = everyone) => {
    const idBytes = keyOf(`computation/${label}`);
    const slotOfRank = slotPermutation({ registerKey, computationId: idBytes, count: people, expand });
    const rankOfSlot = new Uint32Array(people);
    slotOfRank.forEach((slot, rank) => {
      rankOfSlot[slot] = rank;
    });
    const secretOf = (gate: string) => poprf.deriveKeyPair(keyOf(`${gate}/epoch`), utf8('test')).secretKey;
    const pairOf = (org: string) => computationKeyPair(keyOf(`${org}/seed`), idBytes);
    const works = new Map(
      orgs.map((org): [string, ChunkWork] => [
        org,
        {
          computationId: toHex(idBytes),
          org,
          people,
          tags,
          rankOfSlot,
          pairs: orgs
            .filter((peer) => peer !== org)
            .map((peer) => ({ org: peer, secret: x25519SharedSecret(pairOf(org).secretKey, pairOf(peer).publicKey) })),
          seed: keyOf(`${org}/seed`),
          department: isDepartment(org)
            ? {
                publicKeyRecord: records.publicKeyRecord,
                weightRecords: records.weightRecords[org],
                features: columns[org],
                parameters: departmentOf(parameters, org),
                noise: { key: noiseKey(org), totalWidth },
              }
            : null,
          gate: org === 'court' ? null : { secretKey: secretOf(org), identifiers, elements },
        },
      ]),
    );
    const makers = new Map([...works].map(([org, work]) => [org, createChunkMaker(work, poprf)]));
    const made = new Map<string, Uint8Array>();
    const chunk = (org: string, number: number): Uint8Array => {
      const key = `${org}/${number}`;
      const bytes = made.get(key) ?? makers.get(org)!.make(number).bytes;
      made.set(key, bytes);
      return bytes;
    };
    const evaluators = new Map(gates.map((gate) => [gate as string, poprf.createEvaluator(secretOf(gate), idBytes)]));
    return {
      id: toHex(idBytes),
      slotOfRank,
      rankOfSlot,
      works,
      chunk,
      sum: (number, of = orgs) => {
        const sum = createChunkSum();
        for (const org of of) {
          const bytes = chunk(org, number);
          if (isDepartment(org)) sum.addDepartmentChunk(bytes.subarray(0, DEPARTMENT_CHUNK_BYTES));
          else sum.addGateChunk(bytes.subarray(0, GATE_CHUNK_BYTES));
        }
        return sum.sealed();
      },
      pads: (gate, rank) => {
        const output = evaluators.get(gate)!.evaluate(utf8(identifierAt({ identifiers }, rank)));
        return SWITCHED_PRIMES.map((_, limb) => padFromPoprfOutput(output, limb));
      },
    };
  };
  return {
    people,
    columns,
    identifiers,
    compute,
    partOf: (party, weights, rank) => {
      const exact = weights.reduce((sum, w, j) => sum + w * BigInt(columns[party].columns[j]![rank]!), 0n);
      const [noise] = releaseNoise(noiseKey(party), totalWidth, tags.subarray(32 * rank, 32 * rank + 32));
      return { exact, released: exact + BigInt(noise!) };
    },
  };
}

export function isDepartment(org: string): org is Department {
  return org === 'court' || org === 'tax';
}

/** The id of a computation as bytes. */
export function idBytesOf(computation: Computation): Uint8Array {
  return fromHex(computation.id, 32);
}

function columnsOf(party: Department, people: number): FeatureColumns {
  const columns = valueBits[party].map((bits, j) => {
    const stream = expand(keyOf(`${party}/column/${j}`), 4 * people);
    const words = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
    const column =
      bits <= 8 ? new Uint8Array(new SharedArrayBuffer(people)) : new Uint16Array(new SharedArrayBuffer(2 * people));
    for (let i = 0; i < people; i++) column[i] = words.getUint32(4 * i, true) & (2 ** bits - 1);
    return column;
  });
  return { people, columns, rowsOutsideRegister: 0 };
}
