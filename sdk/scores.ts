/**
 * Scores: unlock subjects at every gate, take their pads off the sealed table, decrypt what is bare.
 *
 * Learns: the bank, the sum of the departments' parts for each subject it unlocked, and who is not in the register.
 */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { scoreFromInteger } from '@sealedger/protocol/fixed-point.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import { locatorFromOutput } from '@sealedger/protocol/register.ts';
import type { ReleasedScore } from '@sealedger/protocol/result.ts';
import { padFromPoprfOutput, type SlotPad, subtractPads } from '@sealedger/protocol/rlwe/masks.ts';
import { RING_DEGREE, SWITCHED_PRIMES } from '@sealedger/protocol/rlwe/ring.ts';
import type { BankContext } from './bank.ts';
import { createSealedModelOwner, type SealedModelOwner } from './he-client.ts';
import type { Releases } from './releases.ts';
import { commonSlot, gateLocators, type SealedTable } from './sealed-table.ts';
import { type BankRequest, loadRequest, requestKeys } from './stored-request.ts';
import { loadTable } from './table-store.ts';
import { type UnlockGate, unlockAtGate } from './unlocker.ts';

export type OpenedScore =
  | {
      readonly status: 'scored';
      /** Departments' part, intercept included, in logits; the bank adds its own features. */
      readonly logit: number;
    }
  | { readonly status: 'not-in-register' };

export interface UnlockOptions {
  /** Subjects of one order, at most 1,024. */
  readonly batchSize?: number;
  /** Lanes that go on side by side. */
  readonly lanes?: number;
  readonly onProgress?: (opened: number, of: number) => void;
}

const DEFAULT_BATCH = 512;
const DEFAULT_LANES = 2;

/** What is needed to open scores of one request; loaded once. */
interface OpenTable {
  readonly request: BankRequest;
  readonly table: SealedTable;
  readonly gates: readonly UnlockGate[];
  readonly owner: SealedModelOwner;
}

/** A subject's slot and the pads of all gates for it. */
interface Key {
  readonly subject: SubjectId;
  readonly slot: number;
  /** One list for each gate, one word per limb. */
  readonly pads: readonly (readonly number[])[];
}

/** Keeps what is loaded for each request of one bank, and the SEAL objects with it. */
export interface ScoreOpener {
  /**
   * Opens the scores of subjects; those that were opened before are not unlocked, and not metered, again.
   * @throws {ProtocolError} COMPUTATION_UNKNOWN before a table is there, the gates' refusals, GATES_DISAGREE
   */
  open(
    requestId: string,
    subjects: readonly SubjectId[],
    options?: UnlockOptions,
  ): Promise<ReadonlyMap<SubjectId, OpenedScore>>;
  /** Forgets a table that a new attempt replaces. */
  forget(requestId: string): void;
}

/** @param releases - told of every opened score before it is returned. */
export function createScoreOpener(context: BankContext, releases: Releases): ScoreOpener {
  const open = new Map<string, Promise<OpenTable>>();
  const tableOf = (requestId: string): Promise<OpenTable> => {
    const known = open.get(requestId) ?? loadOpenTable(context, requestId);
    open.set(requestId, known);
    known.catch(() => open.delete(requestId));
    return known;
  };
  return {
    open: async (requestId, subjects, options = {}) =>
      openScores(context, releases, await tableOf(requestId), subjects, options),
    forget: (requestId) => {
      void open.get(requestId)?.then(({ owner }) => owner.delete());
      open.delete(requestId);
    },
  };
}

async function openScores(
  context: BankContext,
  releases: Releases,
  open: OpenTable,
  subjects: readonly SubjectId[],
  options: UnlockOptions,
): Promise<ReadonlyMap<SubjectId, OpenedScore>> {
  const { requestId } = open.table;
  const { document } = open.request;
  const known = await releases.known(requestId);
  const missing = [...new Set(subjects)].filter((subject) => !known.has(subject));
  await context.consent.assertCovered(document, missing);
  const batchSize = options.batchSize ?? DEFAULT_BATCH;
  const starts = Array.from({ length: Math.ceil(missing.length / batchSize) }, (_, i) => i * batchSize);
  let openedCount = subjects.length - missing.length;
  const failures: unknown[] = [];
  const next = starts.values();
  const lane = async (number: number): Promise<void> => {
    for (const start of next) {
      // What is unlocked after a refusal would be counted, and nobody would wait for it.
      if (failures.length > 0) return;
      try {
        const batch = missing.slice(start, start + batchSize);
        // Again: somebody may have withdrawn since.
        await context.consent.assertCovered(document, batch);
        const keys = await unlockBatch(context, open, number, batch);
        // Noted batch by batch, so that a refusal of a later one loses nothing that was metered.
        await releases.note(requestId, releasedScores(open, keys));
        openedCount += keys.length;
        options.onProgress?.(openedCount, subjects.length);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const lanes = Math.min(options.lanes ?? DEFAULT_LANES, starts.length);
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  if (failures.length > 0) throw failures[0];
  return new Map(subjects.map((subject) => [subject, openedScore(open.request, known.get(subject)!)]));
}

async function unlockBatch(
  context: BankContext,
  open: OpenTable,
  lane: number,
  subjects: readonly SubjectId[],
): Promise<Key[]> {
  const { ports, peers, poprf, org, keyEpoch, signing, signingKey } = context;
  const parts = {
    ports,
    peers,
    poprf,
    signer: { org, keyEpoch, secretKey: signing },
    signingKey,
    lanes: context.lanes,
    blinders: context.blinders,
    keep: context.consent.keeperFor(open.request.document),
  };
  const { requestId, computationId } = open.table;
  const outputs = await Promise.all(
    open.gates.map((gate) => unlockAtGate(parts, gate, { requestId, computationId, lane, subjects })),
  );
  const derive = poprf.createOutputHkdf();
  return subjects.map((subject, i) => {
    const ofGates = outputs.map((output) => output[i]!);
    const slot = commonSlot(
      open.table,
      ofGates.map((output) => locatorFromOutput(output, derive)),
    );
    const pads = ofGates.map((output) => SWITCHED_PRIMES.map((_, limb) => padFromPoprfOutput(output, limb, derive)));
    return { subject, slot, pads };
  });
}

/** Takes off the pads chunk by chunk and decrypts each chunk once. @returns null for a subject that is not in the register. */
function decryptKeys(open: OpenTable, keys: readonly Key[]): Map<SubjectId, bigint | null> {
  const integers = new Map<SubjectId, bigint | null>();
  const byChunk = new Map<number, Key[]>();
  for (const key of keys) {
    if (key.slot < 0 || key.slot >= open.table.people) {
      integers.set(key.subject, null);
      continue;
    }
    const chunk = Math.floor(key.slot / RING_DEGREE);
    byChunk.set(chunk, [...(byChunk.get(chunk) ?? []), key]);
  }
  for (const [chunk, inChunk] of byChunk) {
    const slots = inChunk.flatMap(({ slot, pads }) =>
      pads.map((gatePads): SlotPad => ({ index: slot % RING_DEGREE, pads: gatePads })),
    );
    const bare = subtractPads(open.table.chunks[chunk]!, slots);
    const opened = open.owner.openCoefficients(
      bare,
      inChunk.map(({ slot }) => slot % RING_DEGREE),
    );
    inChunk.forEach(({ subject }, i) => {
      integers.set(subject, opened[i]!);
    });
  }
  return integers;
}

function releasedScores(open: OpenTable, keys: readonly Key[]): ReleasedScore[] {
  const integers = decryptKeys(open, keys);
  return keys.map(({ subject }) => {
    const integer = integers.get(subject) ?? null;
    if (integer === null) return { subject, status: 'not-in-register', score: null };
    return { subject, status: 'scored', score: integer.toString() };
  });
}

function openedScore(request: BankRequest, { score }: ReleasedScore): OpenedScore {
  if (score === null) return { status: 'not-in-register' };
  return { status: 'scored', logit: scoreFromInteger(BigInt(score), request.document.scaleBits) + request.offset };
}

async function loadOpenTable(context: BankContext, requestId: string): Promise<OpenTable> {
  const request = await loadRequest(context, requestId);
  const stored = await loadTable(context.ports.store, requestId);
  const onChain = await context.ledger.request(requestId);
  const gates = await Promise.all(
    stored.head.gates.map(async (org) => {
      const key = onChain?.gates.find((gate) => gate.org === org)?.poprfPublicKey;
      if (key === undefined || key === null)
        throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: 'without gate keys' });
      return { ...(await context.peer(org)), publicKey: fromHex(key, 32) };
    }),
  );
  const secretKey = await context.ports.store.get(requestKeys.secretKey(requestId));
  const publicKeyRecord = await context.ports.store.get(requestKeys.publicKey(requestId));
  if (secretKey === undefined || publicKeyRecord === undefined)
    throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const table: SealedTable = {
    requestId,
    computationId: stored.head.computationId,
    people: stored.head.people,
    chunks: stored.chunks,
    gates: gates.map((gate) => gateLocators(gate.org, gate.publicKey, stored.locators.get(gate.org)!)),
  };
  return { request, table, gates, owner: await createSealedModelOwner({ stored: { secretKey, publicKeyRecord } }) };
}
