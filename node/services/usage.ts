/** Grants in use: what is counted, what is found unusual, and what this organisation suspends. */
import { randomBytes } from 'node:crypto';
import type { Grant } from '@sealedger/protocol/grant.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { openSuspensions, type Suspension, type Suspensions } from '../approval/suspensions.ts';
import type { NodeConfig } from '../config.ts';
import type { Clock, EventLog, Ledger, Logger, StateStore } from '../ports.ts';
import type { Budget } from '../release/budgets.ts';
import type { RefusalCode } from '../release/refusal-book.ts';
import { createUsageBook, DEFAULT_TIME_ZONE, type Finding, type UsageBook, zoneOf } from '../release/usage-book.ts';
import { openUsageAlerts, type UsageAlerts } from './usage-alerts.ts';

export interface UsageParts {
  readonly config: Pick<NodeConfig, 'org' | 'usageRules'> & { readonly budgets: readonly Budget[] };
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly events: EventLog;
  /** Does not go back. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly document: (requestId: string) => Promise<RequestDocument>;
  readonly grant: (requestId: string) => Promise<Grant | undefined>;
}

export interface Suspending {
  /** Pseudonym of the person who acts; none where a rule does. */
  readonly actor?: string;
  /** In the person's words; stays in this node. */
  readonly note?: string;
}

export interface Usage {
  readonly book: UsageBook;
  readonly alerts: UsageAlerts;
  readonly suspensions: Suspensions;
  /**
   * Stops the use of a grant: refused here from the call on, running work of it is cut off, an alert is raised, and the
   * chain is told as soon as it can be reached. Twice is once.
   * @param reason - a stable code, such as `consent.missing`.
   */
  suspendGrant(requestId: string, reason: string, by?: Suspending): Promise<void>;
  /**
   * Takes the own suspension back; the grant is used again when all who suspended it did so. Rules that count over days
   * begin anew, since a person looked.
   * @throws {ProtocolError} GRANT_NOT_SUSPENDED
   */
  resumeGrant(requestId: string, actor: string): Promise<Suspension>;
  /** Counts a refused call of a member. @param requestId - as the call named it; null where it named none. */
  refused(requester: string, requestId: string | null, code: RefusalCode): Promise<void>;
  /** Counts a refusal at the listener, of whomever. */
  countRefusal(code: RefusalCode): void;
  /** Refusals since the start, by code. */
  readonly refusals: ReadonlyMap<RefusalCode, number>;
  /** Called with each request whose use changed here or on chain, and with none where any may have. */
  onChange(listener: (requestId?: string) => void): void;
  /** The chain said something of this request, or took something back. */
  chainChanged(requestId?: string): void;
  /** Writes counts and sends what the chain does not have. */
  tick(): Promise<void>;
}

/** Opens what was counted, found and suspended before. */
export async function openUsage(parts: UsageParts): Promise<Usage> {
  const { config } = parts;
  const refusals = new Map<RefusalCode, number>();
  const listeners: ((requestId?: string) => void)[] = [];
  const changed = (requestId?: string): void => {
    for (const listener of listeners) listener(requestId);
  };
  const salt = (): string => randomBytes(32).toString('hex');
  const suspensions = await openSuspensions({ ...parts, org: config.org, salt, changed });
  const alerts = await openUsageAlerts(parts);
  const suspendGrant: Usage['suspendGrant'] = async (requestId, reason, by = {}) => {
    // first of all, and at once: whatever else happens, nothing more is used
    const [, { requester }] = await Promise.all([
      suspensions.suspend(requestId, reason, by),
      parts.document(requestId),
    ]);
    await alerts.raise({ code: reason, org: requester, requestId, count: null });
  };
  const found = async ({ rule, action, requester, requestId, count }: Finding): Promise<void> => {
    const code = `usage.${rule}`;
    const suspended =
      action === 'suspend' && requestId !== null ? suspensions.suspend(requestId, code) : Promise.resolve();
    await Promise.all([suspended, alerts.raise({ code, org: requester, requestId, count })]);
  };
  const book = createUsageBook({ ...parts, rules: config.usageRules, budgets: config.budgets, found });
  /** The request where it is the caller's own, so that what is counted is bounded by what was asked. */
  const ownRequest = async (requester: string, requestId: string | null): Promise<string | null> => {
    if (requestId === null || !/^[0-9a-f]{64}$/.test(requestId)) return null;
    const document = await parts.document(requestId).catch(() => undefined);
    return document?.requester === requester ? requestId : null;
  };
  return {
    book,
    alerts,
    suspensions,
    suspendGrant,
    resumeGrant: async (requestId, actor) => {
      const suspension = await suspensions.resume(requestId, actor);
      await book.restartSweep(requestId);
      return suspension;
    },
    refused: async (requester, requestId, code) => {
      const own = await ownRequest(requester, requestId);
      const timeZone = own === null ? DEFAULT_TIME_ZONE : await zoneOf(parts, own);
      book.refusals.refused(requester, own, code, timeZone);
    },
    countRefusal: (code) => void refusals.set(code, (refusals.get(code) ?? 0) + 1),
    refusals,
    onChange: (listener) => void listeners.push(listener),
    chainChanged: (requestId) => {
      if (requestId === undefined) suspensions.recheck();
      changed(requestId);
    },
    tick: async () => {
      await book.refusals.flush();
      await suspensions.flush();
    },
  };
}
