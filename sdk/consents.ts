/**
 * Everything that an organisation does with consents through the SDK: as their holder, as the bank that they are given to,
 * and as the bank whose queries are sampled.
 *
 * Learns: the bank, the receipts that an authority holds in its favour; the regulator, the sampled queries.
 */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { consentShareSchema } from '@sealedger/protocol/consent-audit.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeHeader } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { BankConsent } from './bank-consent.ts';
import type { ConsentBook } from './consent.ts';
import { type OpeningParts, type OpeningSummary, openChallenge } from './consent-opening.ts';
import { type ReceivedParts, receiveShare } from './consent-received.ts';
import { signingKeyAt } from './peer-of.ts';
import { openDocument, type SealedDocument, sealDocument } from './sealed-document.ts';
import type { Vault } from './vault.ts';

export interface Consents {
  /** The own log of consents. @throws {ProtocolError} CONSENT_KEY_MISSING */
  book(): Promise<ConsentBook>;
  /** For a bank: the receipts in its favour and the whole log of hashes, sealed for it. */
  share(requester: string): Promise<SealedDocument>;
  /** Takes in a share. @returns number of receipts. @throws {ProtocolError} as receiveShare; ENVELOPE_*, SEALED_BOX_OPEN_FAILED */
  receive(share: unknown): Promise<number>;
  /** Opens the queries that a challenge samples. @throws {ProtocolError} as openChallenge */
  open(challenge: unknown): Promise<{ readonly sealed: SealedDocument; readonly summary: OpeningSummary }>;
  /** Erases what would open the queries of a request. @returns number of orders. */
  erase(requestId: string): Promise<number>;
}

export type ConsentsParts = Omit<OpeningParts, 'ledger'> & {
  readonly ledger: OpeningParts['ledger'] & ReceivedParts['ledger'];
  readonly vault: Vault | null;
  /** X25519 secrets of this organisation, newest first. */
  readonly sealing: readonly Uint8Array[];
  readonly consent: BankConsent;
};

export function openConsents(parts: ConsentsParts): Consents {
  const { sender, member, clock, consent } = parts;
  return {
    book: consent.book,
    share: async (requester) => {
      const receiver = await member(requester);
      return sealDocument({
        domain: domains.consentShare,
        about: shareOf(sender.org, requester),
        document: (await consent.book()).shareFor(requester),
        sender,
        receiver: { org: requester, x25519: fromHex(receiver.x25519Key, 32) },
        issuedAt: new Date(clock.now()),
        randomBytes: parts.randomBytes,
      });
    },
    receive: async (envelope) => {
      const { vault, ledger, sealing } = parts;
      if (vault === null) throw new ProtocolError('CONSENT_KEY_MISSING', {});
      const { signer, keyEpoch } = envelopeHeader(envelope);
      const nowMs = clock.now();
      const publicKey = signingKeyAt(await member(signer), keyEpoch, nowMs);
      const share = await openDocument(envelope, {
        domain: domains.consentShare,
        about: shareOf(signer, sender.org),
        schema: consentShareSchema,
        key: { signer, keyEpoch, publicKey },
        receiver: sender.org,
        sealing,
        now: new Date(nowMs),
        ed25519: sender.ed25519,
      });
      // an authority speaks for its own log alone
      if (share.log.holder !== signer) throw new ProtocolError('CONSENT_SHARE_OTHER', { requester: share.requester });
      return receiveShare({ org: sender.org, vault, ledger }, share);
    },
    open: (challenge) => openChallenge(parts, challenge),
    erase: async (requestId) => {
      const { gates } = await parts.document(requestId);
      let erased = 0;
      for (const gate of gates) erased += await consent.queries().erase(requestId, gate);
      return erased;
    },
  };
}

function shareOf(holder: string, requester: string): string {
  return digestHex(domains.consentShare, { holder, requester });
}
