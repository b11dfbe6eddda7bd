/**
 * What the bank released and commits to: opened scores wait, stored, until one transaction commits to all of them.
 *
 * Learns: chain observers, a root and a count; the gates log that it happened.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { type ReleasedScore, resultLeaf, resultRoot } from '@sealedger/protocol/result.ts';
import type { BankContext } from './bank.ts';
import { readStoredJson, writeStoredJson } from './stored-json.ts';

/** One opened score with the salt of its leaf, 16 bytes in hex. */
type Waiting = ReleasedScore & { readonly salt: string };

export interface Releases {
  /** Every score of the request that was opened so far: to read one again costs nothing. */
  known(requestId: string): Promise<ReadonlyMap<string, ReleasedScore>>;
  /** Stores scores that are about to be returned. */
  note(requestId: string, scores: readonly ReleasedScore[]): Promise<void>;
  /**
   * Commits to everything that waits as one batch, after finishing one that was cut short.
   * @returns the number of the last batch, null where nothing waited.
   */
  commit(requestId: string): Promise<number | null>;
}

export function createReleases(context: BankContext): Releases {
  const waiting = new Map<string, Promise<WaitingList>>();
  const listOf = (requestId: string): Promise<WaitingList> => {
    const known = waiting.get(requestId) ?? loadWaiting(context, requestId);
    waiting.set(requestId, known);
    return known;
  };
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = tail.then(task, task);
    tail = result.catch(() => undefined);
    return result;
  };
  return {
    known: async (requestId) => (await listOf(requestId)).known,
    note: (requestId, scores) =>
      inTurn(async () => {
        const list = await listOf(requestId);
        const fresh = scores.map((score) => ({ ...score, salt: toHex(context.ports.randomBytes(16)) }));
        const note = list.committed + list.notes.length;
        await writeStoredJson(context.ports.store, keys.note(requestId, note), fresh);
        list.notes.push(fresh);
        remember(list, fresh);
      }),
    commit: (requestId) =>
      inTurn(async () => {
        const list = await listOf(requestId);
        let batch: number | null = null;
        while (list.notes.length > 0) batch = await commitNotes(context, requestId, list);
        return batch;
      }),
  };
}

/** What waits for a commitment, note by note. */
interface WaitingList {
  /** Notes that are committed to; the first one that waits has this number. */
  committed: number;
  /** Where a commitment ends that was begun and not heard of, as a number of notes. */
  begun: number | null;
  readonly notes: Waiting[][];
  readonly known: Map<string, ReleasedScore>;
}

const keys = {
  note: (requestId: string, note: number): string => `result/${requestId}/note-${note}`,
  /** Number of notes that are committed to. */
  committed: (requestId: string): string => `result/${requestId}/committed`,
  begun: (requestId: string): string => `result/${requestId}/begun`,
} as const;

async function loadWaiting({ ports }: BankContext, requestId: string): Promise<WaitingList> {
  const { store } = ports;
  const committed = (await readStoredJson<number>(store, keys.committed(requestId))) ?? 0;
  const begun = (await readStoredJson<number>(store, keys.begun(requestId))) ?? 0;
  const list: WaitingList = { committed, begun: begun > committed ? begun : null, notes: [], known: new Map() };
  for (let number = 0; ; number++) {
    const note = await readStoredJson<Waiting[]>(store, keys.note(requestId, number));
    if (note === undefined) return list;
    if (number >= committed) list.notes.push(note);
    remember(list, note);
  }
}

function remember(list: WaitingList, note: readonly Waiting[]): void {
  for (const { subject, status, score } of note) list.known.set(subject, { subject, status, score });
}

/** Commits to the notes of a commitment that was cut short, else to all; where it ends is stored before it begins. */
async function commitNotes(context: BankContext, requestId: string, list: WaitingList): Promise<number> {
  const { store } = context.ports;
  const end = list.begun ?? list.committed + list.notes.length;
  const count = end - list.committed;
  await writeStoredJson(store, keys.begun(requestId), end);
  list.begun = end;
  const batch = await commitScores(context, requestId, list.notes.slice(0, count).flat());
  await writeStoredJson(store, keys.committed(requestId), end);
  list.notes.splice(0, count);
  list.committed = end;
  list.begun = null;
  return batch;
}

/** The openings are stored under the batch before the chain hears of it; a crash in between commits to the same root again. */
async function commitScores(context: BankContext, requestId: string, scores: readonly Waiting[]): Promise<number> {
  const { ledger, org, ports } = context;
  const commitment = toHex(resultRoot(scores.map(({ salt, ...score }) => resultLeaf(score, fromHex(salt)))));
  const { batches } = await ledger.resultsOf(requestId, org);
  const isThere = batches > 0 && (await ledger.resultCommitment(requestId, org, batches)) === commitment;
  const batch = isThere ? batches : batches + 1;
  await writeStoredJson(ports.store, `result/${requestId}/${batch}`, scores);
  if (!isThere) await ledger.commitResult({ requestId, batch, commitment, count: scores.length });
  const onChain = await ledger.request(requestId);
  await Promise.all(
    (onChain?.terms.gates ?? []).map(async (gate) => {
      const call = {
        method: 'POST',
        path: `/v1/requests/${requestId}/results`,
        body: canonicalBytes({ batch }),
        retries: 8,
      } as const;
      await context.peers.json(await context.peer(gate), call);
    }),
  );
  return batch;
}
