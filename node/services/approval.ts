/** Approval in a running node: decisions by policy as requests come in, and what goes on after a stop. */
import {
  type DecideParts,
  type Deciding,
  decideRequest,
  resendDecisions,
  type StoredDecision,
} from '../approval/decide.ts';
import { createPolicyBook } from '../approval/policy-book.ts';
import type { NodeParts } from './parts.ts';

export interface Approval {
  /**
   * Decides a request that came in, by policy; a gate that agrees shows its key of the request.
   * @returns undefined where a person must decide.
   */
  decide(deciding: Deciding): Promise<StoredDecision | undefined>;
  /** Sends again what the chain does not have. */
  reconcile(): Promise<void>;
}

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
    policies: createPolicyBook(config.policies),
    secondPersonFromLevel: config.approval.secondPersonFromLevel,
  };
}

export function createApproval(parts: NodeParts): Approval {
  const { config, epochKeys, mutex } = parts;
  const deciders = decideParts(parts);
  return {
    // one request of a bank after the other, so that each sees the models that were approved before it
    decide: async (deciding) => {
      const { decision } = await mutex.run(`requester/${deciding.document.requester}`, () =>
        decideRequest(deciders, deciding),
      );
      if (decision?.approved === true && deciding.onChain.gates.includes(config.org)) {
        await epochKeys.publish(deciding.onChain.id);
      }
      return decision;
    },
    reconcile: () => resendDecisions(deciders),
  };
}
