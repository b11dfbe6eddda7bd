/**
 * The bank's answer to a regulator's challenge: for each sampled query the subject, the blind and the receipt, sealed.
 *
 * The bank opens only what the beacon picked: it holds the challenge against the chain first, so that no regulator can
 * choose whom to ask about. Learns: the regulator, the subjects of the sampled queries.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { checkReceipt } from '@sealedger/protocol/consent.ts';
import {
  AUDIT_WINDOW_SECONDS,
  type ConsentChallenge,
  type ConsentOpening,
  consentChallengeSchema,
  isBeaconsChoice,
  type SampledQuery,
} from '@sealedger/protocol/consent-audit.ts';
import { type ConsentHistory, encodeConsentEntries, readConsentHistory } from '@sealedger/protocol/consent-history.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { envelopeHeader, openEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier, type SubjectId } from '@sealedger/protocol/identifier.ts';
import type { LedgerReader } from '@sealedger/protocol/ledger/reader.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { askedBy, type BankConsent } from './bank-consent.ts';
import { type HeldConsents, saltOf } from './consent.ts';
import type { KeptOrder, KeptQueries } from './consent-queries.ts';
import { signingKeyAt } from './peer-of.ts';
import { type DocumentSender, type SealedDocument, sealDocument } from './sealed-document.ts';

export type OpeningParts = {
  readonly sender: DocumentSender;
  readonly consent: BankConsent;
  readonly ledger: Pick<LedgerReader, 'beaconOf'>;
  /** An active organisation's entry on chain. @throws {ProtocolError} MEMBER_UNKNOWN, MEMBER_SUSPENDED */
  readonly member: (org: string) => Promise<OrganisationRecord>;
  /** The last checkpoint of an organisation that was anchored before a block; null where none was. */
  readonly anchoredBefore: (
    org: string,
    block: number,
  ) => Promise<{ readonly size: number; readonly root: string } | null>;
  /** @throws {ProtocolError} REQUEST_UNKNOWN */
  readonly document: (requestId: string) => Promise<RequestDocument>;
  readonly clock: { now(): number };
  readonly randomBytes: (length: number) => Uint8Array;
};

/** What was put into an opening: `lost` were not kept, `without` have no receipt that covers them. */
export type OpeningSummary = { readonly opened: number; readonly without: number; readonly lost: number };

/**
 * Opens the sampled queries for the regulator that signed the challenge.
 * @throws {ProtocolError} ENVELOPE_*, MEMBER_*, ROLE_MISSING; CONSENT_CHALLENGE_OTHER for another bank's grant,
 *   CONSENT_CHALLENGE_BEACON, CONSENT_CHALLENGE_SAMPLE where somebody chose, CONSENT_WINDOW_OVER, CONSENT_NOT_ASKED
 */
export async function openChallenge(
  parts: OpeningParts,
  envelope: unknown,
): Promise<{ readonly sealed: SealedDocument; readonly summary: OpeningSummary }> {
  const { sender, clock, randomBytes } = parts;
  const { challenge, digest, regulator } = await readChallenge(parts, envelope);
  const document = await parts.document(challenge.requestId);
  await assertChallenge(parts, challenge, document, regulator);
  if (document.consent === null) throw new ProtocolError('CONSENT_NOT_ASKED', { requestId: challenge.requestId });
  const held = await parts.consent.held(document.consent.holder);
  const answers = await answerAll(parts.consent.queries(), challenge, document, held);
  const opening: ConsentOpening = {
    suite: SUITE,
    version: 1,
    form: 'opened-sample',
    challenge: digest,
    document,
    log: { holder: held.holder, entries: toHex(encodeConsentEntries(held.entries)) },
    orders: [...answers.orders.values()].map(({ elements }) => ({ elements: elements.join('') })),
    queries: answers.queries,
  };
  const sealed = await sealDocument({
    domain: domains.consentOpening,
    about: digest,
    document: opening,
    sender,
    receiver: { org: regulator.id, x25519: fromHex(regulator.x25519Key, 32) },
    issuedAt: new Date(clock.now()),
    randomBytes,
  });
  const opened = answers.queries.length;
  const without = answers.queries.filter(({ consent }) => consent === null).length;
  return { sealed, summary: { opened: opened - without, without, lost: answers.lost } };
}

async function readChallenge(parts: OpeningParts, envelope: unknown) {
  const nowMs = parts.clock.now();
  const { signer, keyEpoch } = envelopeHeader(envelope);
  const regulator = await parts.member(signer);
  if (!regulator.roles.includes('regulator'))
    throw new ProtocolError('ROLE_MISSING', { org: regulator.id, needed: 'regulator' });
  const { ed25519 } = parts.sender;
  const opened = openEnvelope(envelope, {
    domain: domains.consentChallenge,
    key: { signer: regulator.id, keyEpoch, publicKey: signingKeyAt(regulator, keyEpoch, nowMs) },
    now: new Date(nowMs),
    schema: consentChallengeSchema,
    ...(ed25519 === undefined ? {} : { ed25519 }),
  });
  return { challenge: opened.body, digest: toHex(opened.digest), regulator };
}

async function assertChallenge(
  { sender, ledger, anchoredBefore, clock }: OpeningParts,
  challenge: ConsentChallenge,
  document: RequestDocument,
  regulator: OrganisationRecord,
): Promise<void> {
  const { requester, beacon, gates, requestId } = challenge;
  if (requester !== sender.org || document.requester !== sender.org || gates.some((one) => !isGate(document, one.gate)))
    throw new ProtocolError('CONSENT_CHALLENGE_OTHER', { requestId });
  if (Math.floor(clock.now() / 1000) > document.expiresAt + AUDIT_WINDOW_SECONDS)
    throw new ProtocolError('CONSENT_WINDOW_OVER', { requestId });
  const onChain = await ledger.beaconOf(beacon.id);
  const isOwn = onChain?.regulator === regulator.id && onChain.committedInBlock === beacon.commitBlock;
  if (!isOwn || onChain.value !== beacon.value) throw new ProtocolError('CONSENT_CHALLENGE_BEACON', { id: beacon.id });
  if (!isBeaconsChoice(challenge)) throw new ProtocolError('CONSENT_CHALLENGE_SAMPLE', { requestId });
  for (const { gate, checkpoint } of gates) {
    const anchored = await anchoredBefore(gate, beacon.commitBlock);
    if (anchored?.size !== checkpoint.size || anchored.root !== checkpoint.root)
      throw new ProtocolError('CONSENT_CHALLENGE_SAMPLE', { requestId });
  }
}

function isGate(document: RequestDocument, org: string): boolean {
  return document.gates.includes(org);
}

type Answers = {
  /** By digest. */
  readonly orders: Map<string, KeptOrder>;
  readonly queries: ConsentOpening['queries'];
  readonly lost: number;
};

async function answerAll(
  kept: KeptQueries,
  { requestId, gates }: ConsentChallenge,
  document: RequestDocument,
  held: HeldConsents,
): Promise<Answers> {
  const sample = gates.flatMap(({ gate, sample: queries }) => queries.map((query) => ({ gate, query })));
  const history = historyFor(held, sample);
  const orders = new Map<string, KeptOrder>();
  const queries: ConsentOpening['queries'] = [];
  let lost = 0;
  for (const { gate, query } of sample) {
    const order = orders.get(query.blindedDigest) ?? (await kept.find(requestId, query.blindedDigest));
    const [subject, blind] = [order?.subjects[query.position], order?.blinds[query.position]];
    if (order === undefined || subject === undefined || blind === undefined) {
      lost += 1;
      continue;
    }
    orders.set(query.blindedDigest, order);
    const consent = receiptFor(parseIdentifier(subject), query, { document, held, history });
    queries.push({ gate, number: query.number, subject, blind, consent });
  }
  return { orders, queries, lost };
}

function historyFor(held: HeldConsents, sample: readonly { readonly query: SampledQuery }[]): ConsentHistory {
  const sizes = sample.flatMap(({ query: { consentSize } }) => (consentSize === null ? [] : [consentSize]));
  return readConsentHistory(held.entries, sizes);
}

type Receipts = {
  readonly document: RequestDocument;
  readonly held: HeldConsents;
  readonly history: ConsentHistory;
};

/** The receipt that covers a query as of the log that its gate saw; else the newest, so that the regulator sees what there is. */
function receiptFor(
  subject: SubjectId,
  { at, consentSize }: SampledQuery,
  { document, held, history }: Receipts,
): ConsentOpening['queries'][number]['consent'] {
  const receipts = held.find(subject);
  const log = consentSize === null || consentSize > history.size ? null : history.at(consentSize);
  const asked = askedBy(document, at);
  const covering =
    log === null
      ? undefined
      : receipts.find((one) => checkReceipt({ ...one, subject, salt: saltOf(one) }, asked, log) === null);
  const chosen = covering ?? receipts.at(-1);
  return chosen === undefined ? null : { receipt: chosen.receipt, salt: chosen.salt, index: chosen.index };
}
