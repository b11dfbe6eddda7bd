/** Approval in a running node: decisions by policy and by persons, and what goes on after a stop or without the chain. */
import { randomBytes } from 'node:crypto';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { deadlinesFrom, putDeadlines, raiseOverdue, storedDeadlines } from '../approval/deadlines.ts';
import {
  type DecideParts,
  type Deciding,
  decideRequest,
  resendDecisions,
  type StoredDecision,
  sendDecision,
  sendUnsent,
} from '../approval/decide.ts';
import type { Evaluation } from '../approval/evaluate.ts';
import { requestFacts } from '../approval/facts.ts';
import { approvalKeys } from '../approval/keys.ts';
import {
  type Decider,
  decideByPerson,
  type PersonalDecision,
  type PersonalOutcome,
  type PersonParts,
} from '../approval/person.ts';
import { appliedPolicies, createPolicyBook, policyAuthors } from '../approval/policy-book.ts';
import { dropEnded } from '../approval/queue.ts';
import { type RevokeParts, sendRevocations } from '../approval/revoke.ts';
import { storedVersions } from '../catalogue/life.ts';
import { storedDocument } from '../compute/computations.ts';
import type { NodeParts } from './parts.ts';

/** A decision that stands here; `isSent` says whether the chain has it already. */
export type SentOutcome = PersonalOutcome & { readonly isSent: boolean };

export interface Approval {
  /**
   * Decides a request that came in, by policy; a gate that agrees shows its key of the request.
   * @returns undefined where a person must decide.
   */
  decide(deciding: Deciding): Promise<StoredDecision | undefined>;
  /** A person's decision about a request that waits. @throws {ProtocolError} as decideByPerson; REQUEST_UNKNOWN */
  decideByPerson(requestId: string, asked: PersonalDecision, by: Decider): Promise<SentOutcome>;
  /** What a decision about a request sees now. @throws {ProtocolError} REQUEST_UNKNOWN, CHAIN_UNREACHABLE */
  deciding(requestId: string): Promise<Deciding>;
  /** Sends again what the chain does not have. */
  reconcile(): Promise<void>;
  /** Sends what the chain was away for, and raises deadlines that have passed. */
  tick(): Promise<void>;
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** What decisions need of a node. */
export function decideParts(parts: NodeParts): DecideParts {
  const { config, state, ledger, events, clock, members, own, signGrant } = parts;
  return {
    org: config.org,
    state,
    ledger,
    events,
    clock,
    members,
    signGrant,
    datasets: () => own.datasets,
    policies: createPolicyBook(config.policies, () => appliedPolicies(state)),
    secondPersonFromLevel: config.approval.secondPersonFromLevel,
  };
}

/** What revoking needs of a node. */
export function revokeParts({ config, state, ledger, events, clock }: NodeParts): RevokeParts {
  return { org: config.org, state, ledger, events, clock, randomBytes: random };
}

export function createApproval(parts: NodeParts): Approval {
  const { config, state, ledger, epochKeys, mutex } = parts;
  const deciders = decideParts(parts);
  const persons: PersonParts = {
    ...deciders,
    randomBytes: random,
    preparers: (deciding, evaluation) => preparersOf(parts, deciding, evaluation),
  };
  const agree = async (deciding: Deciding, approved: boolean): Promise<void> => {
    if (approved && deciding.onChain.gates.includes(config.org)) await epochKeys.publish(deciding.onChain.id);
  };
  const decidingOf = async (requestId: string): Promise<Deciding> => {
    const document = await storedDocument(state, requestId);
    const sheet = (await state.get<NonNullable<Deciding['sheet']>>(approvalKeys.sheet(requestId))) ?? null;
    return { document, sheet, onChain: await ledger.request(requestId) };
  };
  return {
    // one request of a bank after the other, so that each sees the models that were approved before it
    decide: async (deciding) => {
      const { decision } = await mutex.run(`requester/${deciding.document.requester}`, async () => {
        await receive(parts, deciders, deciding);
        return decideRequest(deciders, deciding);
      });
      await agree(deciding, decision?.approved === true);
      return decision;
    },
    decideByPerson: (requestId, asked, by) =>
      mutex.run(`request/${requestId}`, async () => {
        const deciding = await decidingOf(requestId);
        const outcome = await mutex.run(`requester/${deciding.document.requester}`, () =>
          decideByPerson(persons, deciding, asked, by),
        );
        if (outcome.status !== 'decided') return { ...outcome, isSent: false };
        const isSent = await sentNow(parts, async () => {
          await sendDecision(deciders, outcome.decision);
          await agree(deciding, outcome.decision.approved);
        });
        return { ...outcome, isSent };
      }),
    deciding: decidingOf,
    reconcile: async () => {
      await resendDecisions(deciders);
      await agreeAgain(parts);
    },
    tick: async () => {
      for (const { requestId, approved } of await sendUnsent(deciders)) {
        await agree(await decidingOf(requestId), approved);
      }
      await sendRevocations(revokeParts(parts));
      await dropEnded(deciders);
      await raiseOverdue(deciders);
    },
  };
}

/** The decision stands whether or not the chain answers now: the next tick sends it. */
async function sentNow({ log }: NodeParts, send: () => Promise<void>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    log.error('a decision waits for the chain', {}, error);
    return false;
  }
}

/** Reckons the deadlines of a request, once. */
async function receive(parts: NodeParts, deciders: DecideParts, { document, sheet, onChain }: Deciding): Promise<void> {
  const known = await storedDeadlines(parts.state, onChain.id);
  if (known !== undefined) {
    // an end that the chain took back
    if (known.isOver === true) await parts.state.write([putDeadlines({ ...known, isOver: false })]);
    return;
  }
  const sharing = (await requestFacts(deciders, document, sheet)).map(({ facts }) => facts.sharing);
  const { deadlines } = parts.config.approval;
  await parts.state.write([putDeadlines(deadlinesFrom(deadlines, onChain.id, sharing, parts.clock.now()))]);
}

/** A gate that agreed before a crash shows its key; one whose request is over does not. */
async function agreeAgain({ config, state, ledger, epochKeys, clock }: NodeParts): Promise<void> {
  for (const [, { approved, requestId, grant }] of await state.list<StoredDecision>(approvalKeys.decisions)) {
    if (!approved || 1000 * grant.body.expiresAt <= clock.now()) continue;
    const document = await state.get<Deciding['document']>(approvalKeys.document(requestId));
    if (document === undefined || !document.gates.includes(config.org)) continue;
    try {
      if ((await ledger.request(requestId)).state === 'submitted') await epochKeys.publish(requestId);
    } catch (error) {
      if (!isProtocolError(error, 'REQUEST_UNKNOWN')) throw error;
    }
  }
}

/** Who drafted or submitted the datasets that are asked for, and who changed the policies about them. */
async function preparersOf(
  { config, state }: NodeParts,
  { document }: Deciding,
  evaluation: Evaluation,
): Promise<ReadonlySet<string>> {
  const own = [...document.datasets, document.register].filter(({ owner }) => owner === config.org);
  const versions = (await storedVersions(state)).filter(({ id }) => own.some((asked) => asked.id === id));
  const uids = evaluation.answers.flatMap(({ policy }) => (policy === null ? [] : [policy.uid]));
  const names = evaluation.answers.map(({ dataset }) => dataset);
  const authors = await policyAuthors(state, names, new Set(uids));
  return new Set([...versions.flatMap(({ preparers }) => preparers ?? []), ...authors]);
}
