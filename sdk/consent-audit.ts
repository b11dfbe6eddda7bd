/**
 * A sampling audit from its beginning to its end: beacon, challenge, the bank's opening, the report, and what follows.
 *
 * Learns: gates and bank, that a grant is audited and until when; chain observers, a beacon and, where something is wrong,
 * that a regulator suspended the grant. What the regulator reads of subjects it does not keep.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes, digestHex } from '@sealedger/protocol/canonical.ts';
import {
  AUDIT_WINDOW_SECONDS,
  type ConsentChallenge,
  type ConsentNotice,
  consentChallengeSchema,
  consentOpeningSchema,
} from '@sealedger/protocol/consent-audit.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import {
  envelopeDigest,
  envelopeHeader,
  openEnvelope,
  type SignedEnvelope,
  signEnvelope,
} from '@sealedger/protocol/envelope.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { PeerClient } from '@sealedger/protocol/peer-client.ts';
import type { Poprf } from '@sealedger/protocol/poprf.ts';
import { type AuditContext, type AuditView, type LookOptions, lookOnce } from './audit/look.ts';
import { keyOf } from './audit/members.ts';
import { drawBeacon, unrevealedBeacons } from './consent-beacon.ts';
import { type ConsentReport, reportOfSample } from './consent-report.ts';
import {
  auditedRequest,
  type CheckedSample,
  challengeFrom,
  checkOpening,
  type SamplingView,
  unopenedSample,
} from './consent-sampling.ts';
import { peerOf, signingKeyAt } from './peer-of.ts';
import { type DocumentSender, openDocument } from './sealed-document.ts';

export type ConsentAuditParts = {
  readonly audit: AuditContext;
  readonly sender: DocumentSender;
  /** X25519 secrets of the regulator, newest first. */
  readonly sealing: readonly Uint8Array[];
  readonly ledger: LedgerClient;
  readonly peers: PeerClient;
  readonly poprf: Poprf;
  readonly look?: LookOptions;
};

const ANCHOR_PATIENCE_MS = 30_000;
const ANCHOR_POLL_MS = 250;

/** A gate that could not be told; it hears of it from chain and challenge later, or not at all. */
export type Untold = { readonly gate: string; readonly error: ProtocolError };

/**
 * Draws a beacon and says which queries it picked.
 * @param options.sampleSize - queries of each gate. @param options.openWithinSeconds - from now to the deadline.
 * @throws {ProtocolError} CHAIN_*, AUDIT_*, CONSENT_NOT_ASKED, CONSENT_LOG_UNREAD, CONSENT_WINDOW_OVER; CONSENT_NOTHING_SAMPLED
 *   where no query was anchored before the beacon
 */
export async function beginConsentAudit(
  parts: ConsentAuditParts,
  requestId: string,
  options: { readonly sampleSize: number; readonly openWithinSeconds: number },
): Promise<{ readonly challenge: SignedEnvelope<ConsentChallenge>; readonly untold: readonly Untold[] }> {
  const { audit, ledger } = parts;
  const { clock, randomBytes } = audit.ports;
  await awaitAnchors(parts, requestId);
  const beacon = await drawBeacon({ ledger, clock, randomBytes });
  const view = samplingView(audit, await lookOnce(audit, parts.look));
  const nowSeconds = Math.floor(clock.now() / 1000);
  if (nowSeconds > auditedRequest(view, requestId).submitted.args.expiresAt + AUDIT_WINDOW_SECONDS)
    throw new ProtocolError('CONSENT_WINDOW_OVER', { requestId });
  const deadline = nowSeconds + options.openWithinSeconds;
  const body = challengeFrom(view, requestId, beacon, { sampleSize: options.sampleSize, deadline });
  if (body.gates.every(({ sample }) => sample.length === 0))
    throw new ProtocolError('CONSENT_NOTHING_SAMPLED', { requestId });
  const challenge = sign(parts, domains.consentChallenge, body);
  const notice = noticeOf(body, toHex(envelopeDigest(challenge)), 'open');
  const untold = await tellGates(parts, notice, gatesOf(body));
  return { challenge, untold };
}

/**
 * Checks what the bank opened, or that it opened nothing in time, and suspends the grant where something is wrong.
 * @param opening - undefined where none came.
 * @throws {ProtocolError} CONSENT_AUDIT_PENDING where none came and there is time left; ENVELOPE_*, SEALED_BOX_OPEN_FAILED,
 *   CONSENT_OPENING_OTHER for an opening that is not this bank's to this challenge: it may send another until the deadline
 */
export async function finishConsentAudit(
  parts: ConsentAuditParts,
  envelope: unknown,
  opening: unknown,
): Promise<{ readonly report: ConsentReport; readonly untold: readonly Untold[] }> {
  const { audit, ledger } = parts;
  const looked = await lookOnce(audit, parts.look);
  const view = samplingView(audit, looked);
  const { body: challenge, digest } = ownChallenge(parts, looked, envelope);
  const challengeDigest = toHex(digest);
  const sample = await checkedSample(parts, view, { challenge, challengeDigest, opening });
  const draft = reportOfSample({
    regulator: audit.org,
    challenge,
    challengeDigest,
    sample,
    logFindings: looked.findings,
    unrevealedBeacons: unrevealedBeacons(view.facts, audit.org),
    checkedAt: new Date(audit.ports.clock.now()).toISOString(),
  });
  const suspended = draft.outcome === 'failed' && (await suspend(ledger, draft));
  const state = draft.outcome === 'passed' || draft.outcome === 'failed' ? draft.outcome : null;
  const untold =
    state === null ? [] : await tellGates(parts, noticeOf(challenge, challengeDigest, state), gatesOf(challenge));
  return { report: { ...draft, suspended }, untold };
}

/** Waits a moment until the chain has what the gates' logs hold now: only what is anchored before the beacon is sampled. */
async function awaitAnchors(parts: ConsentAuditParts, requestId: string): Promise<void> {
  const { audit, ledger } = parts;
  const view = samplingView(audit, await lookOnce(audit, parts.look));
  const deadline = audit.ports.clock.now() + ANCHOR_PATIENCE_MS;
  for (const gate of auditedRequest(view, requestId).submitted.args.gates) {
    const wanted = view.entriesOf(gate).length;
    while (((await ledger.latestCheckpoint(gate))?.size ?? 0) < wanted && audit.ports.clock.now() < deadline)
      await audit.ports.clock.sleep(ANCHOR_POLL_MS);
  }
}

type Given = {
  readonly challenge: ConsentChallenge;
  readonly challengeDigest: string;
  readonly opening: unknown;
};

async function checkedSample(
  parts: ConsentAuditParts,
  view: SamplingView,
  { challenge, challengeDigest, opening }: Given,
): Promise<CheckedSample> {
  const { audit } = parts;
  const nowMs = audit.ports.clock.now();
  if (opening === undefined) {
    if (nowMs <= 1000 * challenge.deadline)
      throw new ProtocolError('CONSENT_AUDIT_PENDING', { deadline: new Date(1000 * challenge.deadline).toISOString() });
    return unopenedSample(challenge);
  }
  const { issuedAt, keyEpoch, signer } = envelopeHeader(opening);
  const bank = await parts.ledger.organisation(challenge.requester);
  if (bank === null || signer !== bank.id)
    throw new ProtocolError('CONSENT_OPENING_OTHER', { requestId: challenge.requestId });
  const document = await openDocument(opening, {
    domain: domains.consentOpening,
    about: challengeDigest,
    schema: consentOpeningSchema,
    key: { signer, keyEpoch, publicKey: signingKeyAt(bank, keyEpoch, nowMs) },
    receiver: audit.org,
    sealing: parts.sealing,
    now: new Date(nowMs),
    ed25519: audit.ports.ed25519,
  });
  if (document.challenge !== challengeDigest)
    throw new ProtocolError('CONSENT_OPENING_OTHER', { requestId: challenge.requestId });
  if (Date.parse(issuedAt) > 1000 * challenge.deadline) return unopenedSample(challenge);
  return checkOpening(view, challenge, document, { poprf: parts.poprf, toleranceMs: audit.bounds.stopMs });
}

function samplingView(audit: AuditContext, looked: AuditView): SamplingView {
  const entries = new Map(looked.logs.map((log) => [log.org, log.entries]));
  return { story: looked.story, facts: audit.archive.facts, entriesOf: (org) => entries.get(org) ?? [] };
}

function gatesOf({ gates }: ConsentChallenge): readonly string[] {
  return gates.map(({ gate }) => gate);
}

function sign<Body>(
  { sender, audit }: ConsentAuditParts,
  domain: typeof domains.consentChallenge | typeof domains.consentNotice,
  body: Body,
): SignedEnvelope<Body> {
  const issuedAt = new Date(audit.ports.clock.now()).toISOString();
  const fields = { domain, signer: sender.org, keyEpoch: sender.keyEpoch, issuedAt, body };
  return signEnvelope(fields, sender.secretKey, sender.ed25519);
}

/** A challenge of the regulator's own, under the key that it was signed with. @throws {ProtocolError} ENVELOPE_* */
function ownChallenge({ audit }: ConsentAuditParts, { members }: AuditView, envelope: unknown) {
  const { signer, keyEpoch } = envelopeHeader(envelope);
  const key = signer === audit.org ? keyOf(members.get(signer), keyEpoch) : undefined;
  if (key === undefined)
    throw new ProtocolError('ENVELOPE_SIGNER', { expectedSigner: audit.org, expectedKeyEpoch: keyEpoch });
  return openEnvelope(envelope, {
    domain: domains.consentChallenge,
    key: { signer, keyEpoch, publicKey: fromHex(key, 32) },
    now: new Date(audit.ports.clock.now()),
    schema: consentChallengeSchema,
  });
}

/** A grant that has ended, or that this regulator suspended already, needs no suspension. */
async function suspend(ledger: LedgerClient, report: ConsentReport): Promise<boolean> {
  const request = await ledger.request(report.requestId);
  if (request?.state !== 'active' && request?.state !== 'suspended') return false;
  await ledger.suspendRequest(report.requestId, digestHex(domains.consentReport, report));
  return true;
}

function noticeOf(
  { requestId, deadline }: ConsentChallenge,
  challenge: string,
  state: ConsentNotice['state'],
): ConsentNotice {
  return { suite: SUITE, version: 1, requestId, challenge, state, deadline };
}

/** Tells each gate; one that is away is told nothing, and the caller hears of it. */
async function tellGates(
  parts: ConsentAuditParts,
  notice: ConsentNotice,
  gates: readonly string[],
): Promise<readonly Untold[]> {
  const { ledger, peers } = parts;
  const body = canonicalBytes(sign(parts, domains.consentNotice, notice));
  const told = await Promise.all(
    gates.map(async (gate): Promise<Untold | null> => {
      try {
        const record = await ledger.organisation(gate);
        if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org: gate });
        await peers.json(peerOf(record), { method: 'POST', path: '/v1/consent/notices', body, retries: 2 });
        return null;
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        return { gate, error };
      }
    }),
  );
  return told.filter((one) => one !== null);
}
