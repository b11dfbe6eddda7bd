/**
 * The regulator's own copy of what it has verified, and its cursor: how far chain and logs were read.
 *
 * Segments are written before the state that counts them, and the state is one value: whatever moment a process dies at,
 * the cursor stands behind nothing that is not stored, and what was written too far is written again.
 *
 * Trust: whoever writes to this store is the regulator.
 */
import { utf8, utf8Decode } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type SignedCheckpoint, signedCheckpointSchema } from '@sealedger/protocol/evidence/checkpoint.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { contractsSchema } from '@sealedger/protocol/evidence/trust.ts';
import { hex32, organisationId, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Finding } from './findings.ts';
import type { AuditStore } from './ports.ts';
import type { Fact } from './requests.ts';
import { type AuditedEntry, EMPTY_FRONTIER, type Frontier } from './verify-log.ts';

const STATE_KEY = 'audit/state';
/** Entries of one segment. */
const SEGMENT = 1024;

const count = z.int().min(0);
const stateSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  chainId: z.int().min(1),
  genesisHash: hex32,
  contracts: contractsSchema,
  head: z.strictObject({ number: count, hash: hex32, timeMs: count }),
  /** Up to this block the facts are proven under the pins. */
  provenTo: count,
  chainSegments: count,
  logs: z.record(
    organisationId,
    z.strictObject({
      frontier: z.strictObject({ size: count, hashes: z.array(hex32) }),
      segments: count,
      last: signedCheckpointSchema,
    }),
  ),
  findings: z.array(z.custom<Finding>((value) => typeof value === 'object' && value !== null && 'id' in value)),
});
export type ArchiveState = z.output<typeof stateSchema>;

/** One organisation's log, verified up to the frontier. */
export type ArchivedLog = {
  readonly frontier: Frontier;
  readonly entries: readonly AuditedEntry[];
  /** The organisation's own word for that size. */
  readonly last: SignedCheckpoint | null;
};

/** Verified entries that are to be added to a log. */
export type LogGrowth = {
  readonly org: string;
  readonly entries: readonly AuditedEntry[];
  readonly frontier: Frontier;
  readonly last: SignedCheckpoint;
};

export class Archive {
  readonly #store: AuditStore;
  #state: ArchiveState;
  #facts: Fact[];
  #logs: Map<string, ArchivedLog>;

  private constructor(store: AuditStore, state: ArchiveState, facts: Fact[], logs: Map<string, ArchivedLog>) {
    this.#store = store;
    this.#state = state;
    this.#facts = facts;
    this.#logs = logs;
  }

  /**
   * Opens the archive, or begins one.
   * @throws {ProtocolError} AUDIT_STATE_OTHER where it is of another chain; AUDIT_STATE_UNREADABLE
   */
  static async open(store: AuditStore, trust: Trust): Promise<Archive> {
    const text = await store.get(STATE_KEY);
    const state = text === undefined ? firstState(trust) : parseState(text);
    const isSame = state.chainId === trust.chainId && state.genesisHash === trust.genesisHash;
    if (
      !isSame ||
      state.contracts.evidence !== trust.contracts.evidence ||
      state.contracts.requests !== trust.contracts.requests
    ) {
      throw new ProtocolError('AUDIT_STATE_OTHER', { chainId: state.chainId });
    }
    const facts = await readSegments<Fact>(store, 'audit/chain', state.chainSegments);
    const logs = new Map<string, ArchivedLog>();
    for (const [org, { frontier, segments, last }] of Object.entries(state.logs)) {
      const entries = await readSegments<AuditedEntry>(store, `audit/log/${org}`, segments);
      if (entries.length !== frontier.size) throw new ProtocolError('AUDIT_STATE_UNREADABLE', { part: `log/${org}` });
      logs.set(org, { frontier, entries, last });
    }
    return new Archive(store, state, facts, logs);
  }

  get state(): ArchiveState {
    return this.#state;
  }

  get facts(): readonly Fact[] {
    return this.#facts;
  }

  get logs(): ReadonlyMap<string, ArchivedLog> {
    return this.#logs;
  }

  log(org: string): ArchivedLog {
    return this.#logs.get(org) ?? { frontier: EMPTY_FRONTIER, entries: [], last: null };
  }

  /** Takes in what the chain said up to `head`; the cursor moves once it is stored. */
  async addFacts(facts: readonly Fact[], head: ArchiveState['head'], provenTo: number): Promise<void> {
    const chainSegments = await this.#putSegments('audit/chain', this.#state.chainSegments, facts);
    await this.#commit({ ...this.#state, head, provenTo, chainSegments });
    this.#facts = [...this.#facts, ...facts];
  }

  /** Takes in what logs said, and the findings of the look; the cursors move once all of it is stored. */
  async addLook(growths: readonly LogGrowth[], findings: readonly Finding[]): Promise<void> {
    const logs = { ...this.#state.logs };
    for (const { org, entries, frontier, last } of growths) {
      const segments = await this.#putSegments(`audit/log/${org}`, logs[org]?.segments ?? 0, entries);
      logs[org] = { frontier: { size: frontier.size, hashes: [...frontier.hashes] }, segments, last };
    }
    await this.#commit({ ...this.#state, logs, findings: [...findings] });
    for (const { org, entries, frontier, last } of growths) {
      this.#logs.set(org, { entries: [...this.log(org).entries, ...entries], frontier, last });
    }
  }

  async #putSegments(prefix: string, from: number, items: readonly unknown[]): Promise<number> {
    let segment = from;
    for (let start = 0; start < items.length; start += SEGMENT) {
      const text = JSON.stringify(items.slice(start, start + SEGMENT));
      await this.#store.put(`${prefix}/${segment}`, utf8(text));
      segment += 1;
    }
    return segment;
  }

  async #commit(state: ArchiveState): Promise<void> {
    await this.#store.put(STATE_KEY, utf8(JSON.stringify(state)));
    this.#state = state;
  }
}

function firstState({ chainId, genesisHash, contracts }: Trust): ArchiveState {
  return {
    suite: SUITE,
    version: 1,
    chainId,
    genesisHash,
    contracts,
    head: { number: 0, hash: genesisHash, timeMs: 0 },
    provenTo: 0,
    chainSegments: 0,
    logs: {},
    findings: [],
  };
}

function parseState(bytes: Uint8Array): ArchiveState {
  try {
    return parseJson(stateSchema, utf8Decode(bytes), 'state of the audit');
  } catch (cause) {
    throw new ProtocolError('AUDIT_STATE_UNREADABLE', { part: 'state' }, { cause });
  }
}

async function readSegments<T>(store: AuditStore, prefix: string, segments: number): Promise<T[]> {
  const items: T[] = [];
  for (let segment = 0; segment < segments; segment++) {
    const bytes = await store.get(`${prefix}/${segment}`);
    if (bytes === undefined) throw new ProtocolError('AUDIT_STATE_UNREADABLE', { part: `${prefix}/${segment}` });
    for (const item of JSON.parse(utf8Decode(bytes)) as T[]) items.push(item);
  }
  return items;
}
