/**
 * Whether a score may be unlocked where consent is asked for: somebody holds a log of consents, its root stands on chain,
 * and no sampling audit of the grant failed or is overdue.
 *
 * A gate cannot see for whom it evaluates, so it does not claim that there was consent; it makes sure that the question can
 * be asked afterwards, and writes into its log which state of the consents was on chain.
 * Source: DESIGN.md 3.3.
 */
import type { ConsentNotice } from '@sealedger/protocol/consent-audit.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Clock, Directory, Ledger, StateStore } from '../ports.ts';
import type { GrantCheck } from './guard.ts';

/** What a regulator said last of its audit of a grant, as this node keeps it. */
export type StoredNotice = Pick<ConsentNotice, 'challenge' | 'state' | 'deadline'> & {
  /** When the regulator signed it, in milliseconds since the epoch. */
  readonly signedAt: number;
};

export const consentKeys = {
  /** Prefix of the notices about a request. */
  notices: (requestId: string): string => `consent-notice/${requestId}/`,
  notice: (requestId: string, regulator: string): string => `consent-notice/${requestId}/${regulator}`,
} as const;

export interface ConsentCheckParts {
  readonly ledger: Pick<Ledger, 'consent'>;
  readonly members: Pick<Directory, 'activeMember'>;
  readonly state: Pick<StateStore, 'list'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Age of a root on chain past which it counts no more, in days; null where any age will do. */
  readonly maxRootAgeDays: number | null;
}

const DAY_SECONDS = 86_400;

/**
 * Asked for unlockings; consent is asked for where the grant says so or the request names a holder.
 * @throws {ProtocolError} CONSENT_HOLDER_MISSING, CONSENT_ROOT_MISSING, CONSENT_ROOT_OLD, CONSENT_AUDIT_FAILED,
 *   CONSENT_AUDIT_OVERDUE; MEMBER_UNKNOWN, MEMBER_SUSPENDED for the holder; CHAIN_UNREACHABLE
 */
export function consentCheck(parts: ConsentCheckParts): GrantCheck {
  return async ({ kind, requestId }, _request, document, grant) => {
    if (kind !== 'unlock' || !asksConsent(document, grant)) return;
    if (document.consent === null) throw new ProtocolError('CONSENT_HOLDER_MISSING', {});
    const { holder } = document.consent;
    await parts.members.activeMember(holder);
    const root = await parts.ledger.consent(holder);
    if (root === null || root.size === 0) throw new ProtocolError('CONSENT_ROOT_MISSING', { holder });
    const nowSeconds = Math.floor(parts.clock.now() / 1000);
    const { maxRootAgeDays } = parts;
    if (maxRootAgeDays !== null && nowSeconds - root.committedAt > maxRootAgeDays * DAY_SECONDS)
      throw new ProtocolError('CONSENT_ROOT_OLD', { holder, days: maxRootAgeDays });
    await assertAudits(parts.state, requestId, nowSeconds);
  };
}

function asksConsent(document: RequestDocument, grant: Grant | undefined): boolean {
  return document.consent !== null || grant?.conditions.needsConsent === true;
}

async function assertAudits(state: ConsentCheckParts['state'], requestId: string, nowSeconds: number): Promise<void> {
  const prefix = consentKeys.notices(requestId);
  for (const [key, notice] of await state.list<StoredNotice>(prefix)) {
    const regulator = key.slice(prefix.length);
    if (notice.state === 'failed') throw new ProtocolError('CONSENT_AUDIT_FAILED', { regulator });
    if (notice.state === 'open' && nowSeconds > notice.deadline)
      throw new ProtocolError('CONSENT_AUDIT_OVERDUE', { regulator });
  }
}

/**
 * Size of the log of consents that this gate sees on chain for a request; null where it names no holder. It goes into the
 * event of each unlocking: a receipt counts for a query only if it stood in that log.
 */
export async function consentSeen(ledger: Pick<Ledger, 'consent'>, document: RequestDocument): Promise<number | null> {
  if (document.consent === null) return null;
  return (await ledger.consent(document.consent.holder))?.size ?? 0;
}
