/** One group commit in the making: which of the waiting events are new, which are repeated, which are refused. */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { EventSecrets } from '@sealedger/protocol/evidence/commitment.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import { MerkleFrontier, type MerkleNode } from '@sealedger/protocol/merkle.ts';
import {
  assertSameContent,
  draftSecrets,
  type EventDraft,
  entryPuts,
  type LoggedEvent,
  type PreparedEvent,
  prepareEvent,
  signPrepared,
} from './log-entry.ts';
import { countKinds, type LogState, logStatePut } from './log-state.ts';
import type { EventSigner, EvidencePut } from './ports.ts';
import { nativeLeafHash, nativeNodeHash } from './signer.ts';
import { placeNodes } from './tiles.ts';

/** What one caller of `append` waits for. */
export type Waiting<Op> = {
  readonly drafts: readonly EventDraft[];
  readonly secrets: readonly EventSecrets[];
  readonly others: readonly Op[];
  readonly resolve: (events: readonly LoggedEvent[]) => void;
  readonly reject: (error: unknown) => void;
};

export type Author = { readonly org: string; readonly time: Date };

/** An event of the batch by its place in it, or one that the log has. */
type Reference = { readonly place: number } | { readonly logged: LoggedEvent };

export type StagedBatch<Op> = {
  readonly prepared: readonly PreparedEvent[];
  readonly others: readonly Op[];
  /** Per caller: its events, or why it is refused. */
  readonly answers: readonly (readonly Reference[] | { readonly refusal: unknown })[];
};

/**
 * Sorts the waiting callers; a refusal of one touches no other.
 * @param known - by id, the events of the log that some draft repeats.
 */
export function stageBatch<Op>(
  waiting: readonly Waiting<Op>[],
  known: ReadonlyMap<string, LoggedEvent>,
  author: Author,
): StagedBatch<Op> {
  const prepared: PreparedEvent[] = [];
  const others: Op[] = [];
  const places = new Map<string, number>();
  const referenceOf = (id: string): Reference | undefined => {
    const logged = known.get(id);
    if (logged !== undefined) return { logged };
    const place = places.get(id);
    return place === undefined ? undefined : { place };
  };
  const answers = waiting.map((caller) => {
    try {
      const repeated = caller.secrets.map(({ id }) => referenceOf(id)).filter((reference) => reference !== undefined);
      const isRepeat = repeated.length > 0 && repeated.length === caller.drafts.length;
      if (isRepeat) return assertRepeats(caller, repeated, prepared, author.org);
      if (repeated.length > 0 || new Set(caller.secrets.map(({ id }) => id)).size !== caller.drafts.length) {
        throw new ProtocolError('EVENT_BATCH_MIXED', {});
      }
      const made = caller.drafts.map((draft, i) => prepareEvent(draft, caller.secrets[i]!, author.org, author.time));
      others.push(...caller.others);
      return made.map((event) => {
        places.set(event.event.id, prepared.length);
        return { place: prepared.push(event) - 1 };
      });
    } catch (refusal) {
      return { refusal };
    }
  });
  return { prepared, others, answers };
}

function assertRepeats<Op>(
  { drafts, secrets }: Waiting<Op>,
  references: readonly Reference[],
  prepared: readonly PreparedEvent[],
  org: string,
): readonly Reference[] {
  drafts.forEach((draft, i) => {
    const reference = references[i]!;
    const first = 'place' in reference ? prepared[reference.place]! : preparedFrom(reference.logged);
    assertSameContent(first, draft, secrets[i]!, org);
  });
  return references;
}

function preparedFrom({ signed, openings }: LoggedEvent): PreparedEvent {
  return { event: signed.event, text: canonicalText(signed.event), openings };
}

export type SealedBatch = {
  readonly logged: readonly LoggedEvent[];
  readonly puts: readonly EvidencePut[];
  /** The log's state once `puts` are on disk. */
  readonly next: LogState;
};

/** Signs a staged batch and places it in the tree; `state` stays as it is. */
export async function sealBatch(
  prepared: readonly PreparedEvent[],
  signer: EventSigner,
  state: LogState,
): Promise<SealedBatch> {
  const entries = await Promise.all(prepared.map((event) => signPrepared(event, signer)));
  const frontier = MerkleFrontier.parse(state.frontier, nativeNodeHash);
  const puts: EvidencePut[] = [];
  const completed: MerkleNode[] = [];
  const logged = entries.map((entry) => {
    const index = frontier.size;
    completed.push(...frontier.append(nativeLeafHash(entry.leafText)));
    puts.push(...entryPuts(index, entry));
    return { index, signed: entry.signed, openings: entry.openings };
  });
  const { open, writes } = placeNodes(state.open, completed);
  const kinds = countKinds(
    state.kinds,
    prepared.map(({ event }) => describeEvent(event).kind),
  );
  const next: LogState = { size: frontier.size, frontier: frontier.toJSON(), open, kinds };
  return { logged, puts: [...puts, ...writes, logStatePut(next)], next };
}

/** Hands every caller its events or its refusal. */
export function answerCallers<Op>(
  waiting: readonly Waiting<Op>[],
  answers: StagedBatch<Op>['answers'],
  logged: readonly LoggedEvent[],
): void {
  waiting.forEach(({ resolve, reject }, i) => {
    const answer = answers[i]!;
    if ('refusal' in answer) reject(answer.refusal);
    else resolve(answer.map((reference) => ('place' in reference ? logged[reference.place]! : reference.logged)));
  });
}

/** Ids and salts of one caller's drafts. */
export function secretsOf(drafts: readonly EventDraft[], secret: Uint8Array): readonly EventSecrets[] {
  return drafts.map((draft) => draftSecrets(secret, draft));
}
