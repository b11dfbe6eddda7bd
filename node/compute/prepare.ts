/** Gathers what a computation's workers need: model, features, register, keys. Everything is checked again here. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { computationIdBytes } from '@sealedger/protocol/computation.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { computationKeyPair, slotPermutation } from '@sealedger/protocol/register.ts';
import { type FeatureSheet, type RequestDocument, requestParameters } from '@sealedger/protocol/request.ts';
import { departmentOf } from '@sealedger/protocol/rlwe/parameters.ts';
import { x25519SharedSecret } from '@sealedger/protocol/signature.ts';
import { expand } from '../crypto.ts';
import type { EpochKeys } from '../match/epoch-keys.ts';
import type { RegisterSubjects, RegisterView } from '../match/register.ts';
import type { RegisterStore } from '../match/register-store.ts';
import type { OwnDataset } from '../request/intake.ts';
import type { ModelStore } from '../request/model-store.ts';
import type { ChunkWork, DepartmentWork, GateWork } from './chunk.ts';
import { loadColumns } from './columns.ts';
import type { ComputationRecord } from './computation.ts';
import { computationSeed, peerKeys } from './computations.ts';
import { noiseWidth, releaseNoiseKey } from './release-noise.ts';

export interface PrepareParts {
  readonly org: string;
  readonly seed: Uint8Array;
  readonly registers: RegisterStore;
  readonly models: ModelStore;
  readonly epochKeys: EpochKeys;
  /** The register's identifiers hashed to the group. */
  readonly elements: (register: RegisterView & RegisterSubjects) => Promise<Uint8Array>;
  /** This department's features as the request states them. */
  readonly sheet: (requestId: string) => Promise<FeatureSheet>;
  readonly datasets: () => readonly OwnDataset[];
  /** Whether the table behind a dataset is still the one that was published. */
  readonly isUnchanged: (dataset: OwnDataset) => Promise<boolean>;
}

/**
 * @param signal - aborted where the work is no longer wanted: the next step is not begun then.
 * @throws {ProtocolError} DATASET_UNKNOWN, DATASET_CHANGED, MODEL_NOT_UPLOADED, REGISTER_MISMATCH, X25519_ZERO_SECRET
 */
export async function prepareWork(
  parts: PrepareParts,
  record: ComputationRecord,
  document: RequestDocument,
  signal: AbortSignal,
): Promise<ChunkWork> {
  const register = await parts.registers.view(document.register.id);
  const id = computationIdBytes(record.computationId);
  const slotOfRank = slotPermutation({ registerKey: register.key, computationId: id, count: register.people, expand });
  const { secretKey } = computationKeyPair(parts.seed, id);
  return {
    computationId: record.computationId,
    org: parts.org,
    people: register.people,
    tags: shared(register.tags),
    rankOfSlot: invert(slotOfRank),
    pairs: peerKeys(record, parts.org).map(({ org, publicKey }) => ({
      org,
      secret: x25519SharedSecret(secretKey, publicKey),
    })),
    seed: computationSeed(parts.seed, id),
    department: record.roles.includes('department')
      ? await departmentWork(parts, record, document, register, signal)
      : null,
    gate: record.roles.includes('gate') ? await gateWork(parts, record, document, signal) : null,
  };
}

async function departmentWork(
  parts: PrepareParts,
  record: ComputationRecord,
  document: RequestDocument,
  register: RegisterView,
  signal: AbortSignal,
): Promise<DepartmentWork> {
  const asked = document.datasets.find((dataset) => dataset.owner === parts.org);
  const dataset = parts.datasets().find(({ published }) => published.id === asked?.id);
  if (asked === undefined || dataset === undefined)
    throw new ProtocolError('DATASET_UNKNOWN', { dataset: asked?.id ?? 'none' });
  const { definitions } = await parts.sheet(record.requestId);
  signal.throwIfAborted();
  const model = await parts.models.load(document);
  signal.throwIfAborted();
  const features = await loadColumns(dataset.config, definitions, register);
  if (!(await parts.isUnchanged(dataset))) throw new ProtocolError('DATASET_CHANGED', { dataset: dataset.config.name });
  const { scaleBits, noisePolicy, datasets } = document;
  return {
    publicKeyRecord: model.publicKeyRecord,
    weightRecords: model.weightRecords,
    features,
    parameters: departmentOf(requestParameters(document), parts.org),
    noise: {
      key: releaseNoiseKey(parts.seed, fromHex(document.modelDigest, 32), fromHex(asked.id, 32)),
      totalWidth: noiseWidth(scaleBits, noisePolicy.totalWidthLog2, datasets.length),
    },
  };
}

async function gateWork(
  parts: PrepareParts,
  record: ComputationRecord,
  document: RequestDocument,
  signal: AbortSignal,
): Promise<GateWork> {
  const secretKey = await parts.epochKeys.secret(record.requestId);
  const register = await parts.registers.subjects(document.register.id);
  signal.throwIfAborted();
  const elements = await parts.elements(register);
  return { secretKey, identifiers: shared(register.identifiers), elements: shared(elements) };
}

function invert(slotOfRank: Uint32Array): Uint32Array {
  const rankOfSlot = new Uint32Array(new SharedArrayBuffer(4 * slotOfRank.length));
  slotOfRank.forEach((slot, rank) => {
    rankOfSlot[slot] = rank;
  });
  return rankOfSlot;
}

/** A copy in memory that worker threads see without copying. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
