/** What a regulator tells a gate of its sampling audits of consent. */

import { type ConsentNotice, consentNoticeSchema } from '@sealedger/protocol/consent-audit.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeHeader, openEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { consentKeys, type StoredNotice } from '../approval/consent-check.ts';
import { nativeEd25519 } from '../crypto.ts';
import type { NodeParts } from './parts.ts';

/** Reason of a suspension that an audit led to. */
const FAILED_REASON = 'consent.audit-failed';
/** Deadlines further off than this are none. */
const MAX_OPEN_SECONDS = 366 * 86_400;

export type ConsentServiceParts = Pick<NodeParts, 'config' | 'clock' | 'ledger' | 'members' | 'state' | 'usage'>;

export function consentServices(parts: ConsentServiceParts) {
  return {
    /**
     * Keeps what a regulator says of its audit; a failed one suspends the grant here at once.
     * @param caller - regulator that signed the call; the notice must be its own.
     * @throws {ProtocolError} ENVELOPE_*, REQUEST_UNKNOWN, CONSENT_NOTICE_OTHER where this node is no gate of the request,
     *   CONSENT_NOTICE_OLD where the regulator has said something later already
     */
    consentNotice: async (caller: string, body: unknown): Promise<{ readonly noted: true }> => {
      const { notice, signedAt } = await openNotice(parts, caller, body);
      const { requestId, challenge, state, deadline } = notice;
      const key = consentKeys.notice(requestId, caller);
      const before = await parts.state.get<StoredNotice>(key);
      if (before !== undefined && signedAt < before.signedAt) throw new ProtocolError('CONSENT_NOTICE_OLD', {});
      const stored: StoredNotice = { challenge, state, deadline, signedAt };
      await parts.state.write([{ type: 'put', key, value: stored }]);
      if (state === 'failed') await parts.usage.suspendGrant(requestId, FAILED_REASON);
      return { noted: true };
    },
  };
}

async function openNotice(
  { config, clock, ledger, members }: ConsentServiceParts,
  caller: string,
  body: unknown,
): Promise<{ readonly notice: ConsentNotice; readonly signedAt: number }> {
  const { keyEpoch } = envelopeHeader(body);
  const opened = openEnvelope(body, {
    domain: domains.consentNotice,
    key: { signer: caller, keyEpoch, publicKey: await members.signingKey(caller, keyEpoch) },
    now: new Date(clock.now()),
    schema: consentNoticeSchema,
    ed25519: nativeEd25519,
  });
  const notice = opened.body;
  const request = await ledger.request(notice.requestId);
  const isFar = notice.deadline > clock.now() / 1000 + MAX_OPEN_SECONDS;
  if (!request.gates.includes(config.org) || isFar)
    throw new ProtocolError('CONSENT_NOTICE_OTHER', { requestId: notice.requestId });
  return { notice, signedAt: Date.parse(opened.header.issuedAt) };
}
