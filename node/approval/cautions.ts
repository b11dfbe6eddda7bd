/**
 * Why a request goes to a person although every policy would approve it: what this organisation, or the chain, has seen of
 * its requester, and terms that no use could keep to.
 *
 * A policy speaks about requests, not about conduct. Without this a bank whose grant was suspended would send an amendment
 * or the same request again, and the policy would let it go on. A suspension or revocation counts while the request that
 * it is about would still have run; an end that the bank chose itself, or an amendment, takes nothing of it away.
 */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { requestId } from '@sealedger/protocol/request.ts';
import type { Clock, Ledger, RequestView, StateStore } from '../ports.ts';
import type { StoredDecision } from './decide.ts';
import type { Evaluation } from './evaluate.ts';
import { approvalKeys } from './keys.ts';
import { type Suspension, suspensionKey } from './suspensions.ts';

/** The first one that holds is the rule of the answer. */
export const CAUTIONS = [
  'previous-suspended',
  'requester-suspended',
  'requester-revoked',
  'consent-holder-missing',
] as const;
export type Caution = (typeof CAUTIONS)[number];

export interface CautionParts {
  readonly state: Pick<StateStore, 'get' | 'list'>;
  readonly ledger: Pick<Ledger, 'recentRequest'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * An evaluation with its cautions: what the policies approved is for a person where there is one.
 * @throws {ProtocolError} CHAIN_UNREACHABLE
 */
export async function withCautions(
  parts: CautionParts,
  document: RequestDocument,
  evaluation: Evaluation,
): Promise<Evaluation> {
  const found = new Set<Caution>(await cautionsAboutRequester(parts, document));
  if (isWithoutHolder(document, evaluation.conditions)) found.add('consent-holder-missing');
  const cautions = CAUTIONS.filter((caution) => found.has(caution));
  if (cautions.length === 0 || evaluation.decision !== 'approve') return { ...evaluation, cautions };
  return { ...evaluation, cautions, decision: 'ask', rule: cautions[0]! };
}

/** Whether consent would be asked for at each use, and the request names nobody who holds it. */
export function isWithoutHolder(
  { consent }: Pick<RequestDocument, 'consent'>,
  conditions: { readonly needsConsent: boolean } | null,
): boolean {
  return consent === null && conditions?.needsConsent === true;
}

async function cautionsAboutRequester(parts: CautionParts, document: RequestDocument): Promise<readonly Caution[]> {
  const own = requestId(document);
  const earlier = document.previous?.requestId;
  const nowSeconds = parts.clock.now() / 1000;
  const others = (await parts.state.list<RequestDocument>(approvalKeys.documents))
    .map(([key, other]) => ({ id: key.slice(approvalKeys.documents.length), other }))
    .filter(({ id, other }) => id !== own && other.requester === document.requester)
    .filter(({ id, other }) => id === earlier || other.expiresAt > nowSeconds);
  const ids = new Set([...others.map(({ id }) => id), ...(earlier === undefined ? [] : [earlier])]);
  const found = await Promise.all([...ids].map((id) => conductIn(parts, id, id === earlier)));
  return found.flat();
}

async function conductIn(parts: CautionParts, id: string, isEarlier: boolean): Promise<readonly Caution[]> {
  const suspension = await parts.state.get<Suspension>(suspensionKey(id));
  const isRevokedHere = (await parts.state.get(approvalKeys.revocation(id))) !== undefined;
  const decision = await parts.state.get<StoredDecision>(approvalKeys.decision(id));
  // what was not approved here was not used here
  const onChain = isEarlier || decision?.approved === true ? await onChainOf(parts, id) : undefined;
  const isSuspended = suspension?.state === 'suspended' || (onChain?.suspenders.length ?? 0) > 0;
  return [
    ...(isSuspended ? [isEarlier ? ('previous-suspended' as const) : ('requester-suspended' as const)] : []),
    ...(isRevokedHere || onChain?.state === 'revoked' ? ['requester-revoked' as const] : []),
  ];
}

/** Undefined where the chain took the request back. */
async function onChainOf({ ledger }: CautionParts, id: string): Promise<RequestView | undefined> {
  try {
    return await ledger.recentRequest(id);
  } catch (error) {
    if (isProtocolError(error, 'REQUEST_UNKNOWN')) return undefined;
    throw error;
  }
}
