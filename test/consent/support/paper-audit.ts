/**
 * A sampling audit without processes: a bank with real blinds and boxes, gates whose logs are lists, a chain that is a list
 * of events. Only what the audit reads of each is there.
 */
import { createHash } from 'node:crypto';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import {
  type ConsentChallenge,
  type ConsentOpening,
  consentChallengeSchema,
  consentOpeningSchema,
} from '@sealedger/protocol/consent-audit.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { elementsDigest } from '@sealedger/protocol/unlocking.ts';
import type { AuditedRequest, ChainStory, Fact } from '@sealedger/sdk/audit/requests.ts';
import type { AuditedEntry } from '@sealedger/sdk/audit/verify-log.ts';
import { type BankConsent, createBankConsent } from '@sealedger/sdk/bank-consent.ts';
import type { ConsentInput } from '@sealedger/sdk/consent.ts';
import type { Beacon } from '@sealedger/sdk/consent-beacon.ts';
import { type OpeningParts, openChallenge } from '@sealedger/sdk/consent-opening.ts';
import { receiveShare } from '@sealedger/sdk/consent-received.ts';
import { reportOfSample } from '@sealedger/sdk/consent-report.ts';
import { type CheckedSample, challengeFrom, checkOpening, type SamplingView } from '@sealedger/sdk/consent-sampling.ts';
import { openDocument, type SealedDocument } from '@sealedger/sdk/sealed-document.ts';
import { createVault } from '@sealedger/sdk/vault.ts';
import { keyOf, type Organisation, organisation, START_MS, testClock } from '../../node/support/organisations.ts';
import { requestDocument } from '../../node/support/request-fixture.ts';

export const poprf = await loadPoprf();
export const bank = organisation('bank', ['bank']);
export const regulator = organisation('watch', ['regulator']);
const members = new Map<string, Organisation>([
  ['bank', bank],
  ['watch', regulator],
  ['other', organisation('other', ['regulator'])],
  ['bureau', organisation('bureau', ['registrar', 'gate'])],
]);
export const START = START_MS / 1000;
const GATES = ['bureau', 'tax'] as const;

/** Bytes that look random and follow from how often they were asked for. */
export function countedBytes(label: string): (length: number) => Uint8Array {
  let count = 0;
  return (length) => {
    count += 1;
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => keyOf(`${label}/${count}/${i}`));
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

export function memoryStore() {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    get: async (key: string) => values.get(key)?.slice(),
    put: async (key: string, value: Uint8Array) => void values.set(key, value.slice()),
  };
}

export interface PaperWorld {
  readonly document: RequestDocument;
  readonly requestId: string;
  readonly clock: ReturnType<typeof testClock>;
  readonly store: ReturnType<typeof memoryStore>;
  readonly consent: BankConsent;
  /** The consents of whom the request names as their holder: the bank's own where that is the bank. */
  readonly authority: BankConsent;
  /** The bank takes in what an authority holds in its favour. @returns number of receipts. */
  share(): Promise<number>;
  readonly view: SamplingView;
  readonly facts: Fact[];
  /** What the contract says of the consent log, read by the bank. */
  readonly ledger: Pick<LedgerClient, 'consentOf' | 'consentRootAt' | 'commitConsent' | 'beaconOf'>;
  readonly entries: Map<string, AuditedEntry[]>;
  /** A second passes on chain and in all clocks. */
  tick(seconds?: number): void;
  add(inputs: readonly ConsentInput[]): Promise<readonly number[]>;
  /** Puts the holder's log on chain, in a block of its own. */
  commit(): Promise<void>;
  /** Anchors the gates' logs. */
  anchor(): void;
  /** Unlocks at all gates; `isChecked` false bypasses the SDK's own look at the receipts. */
  unlock(subjects: readonly SubjectId[], isChecked?: boolean): Promise<void>;
  beacon(id?: number): Beacon;
  challenge(options?: { readonly sampleSize?: number; readonly beacon?: Beacon }): SignedEnvelope<ConsentChallenge>;
  open(challenge: unknown): ReturnType<typeof openChallenge>;
  /** What the regulator reads in the box. */
  unseal(sealed: SealedDocument, challenge: SignedEnvelope<ConsentChallenge>): Promise<ConsentOpening>;
  /** Opens as the bank and checks as the regulator; `forge` is what a dishonest bank does in between. */
  audit(options?: {
    readonly sampleSize?: number;
    readonly forge?: (opening: ConsentOpening) => ConsentOpening;
  }): Promise<CheckedSample>;
}

/** A receipt in favour of the paper bank's request. */
export function receiptFor(subject: string, change: Partial<ConsentInput['receipt']> = {}): ConsentInput {
  const receipt = { requester: 'bank', purpose: 'credit-underwriting', scope: [] as string[], issuedAt: START - 60 };
  return { subject, receipt: { ...receipt, expiresAt: START + 86_400, ...change } };
}

export function record(org: Organisation): OrganisationRecord {
  return {
    id: org.org,
    account: '',
    roles: [...org.roles],
    endpoint: org.endpoint,
    status: 'active',
    keyEpoch: 1,
    ed25519Key: toHex(org.ed25519),
    x25519Key: toHex(org.x25519),
    previous: null,
  } as OrganisationRecord;
}

export function paperWorld(change: Partial<RequestDocument> = {}): PaperWorld {
  const document = requestDocument({ consent: { holder: 'bank' }, ...change });
  const holder = document.consent?.holder ?? 'bank';
  const id = requestId(document);
  const clock = testClock();
  const store = memoryStore();
  const facts: Fact[] = [];
  const entries = new Map<string, AuditedEntry[]>(GATES.map((gate) => [gate, []]));
  let block = 1;
  const say = (contract: string, name: string, args: object): void => {
    block += 1;
    const event = { contract, name, args, blockNumber: block, logIndex: 0 } as unknown as Fact['event'];
    facts.push({ event, timeMs: clock.now() });
  };
  const latestConsent = (holder: string) =>
    facts.findLast(({ event }) => event.name === 'ConsentCommitted' && event.args.holder === holder);
  const ledger: PaperWorld['ledger'] = {
    consentOf: async (holder) => {
      const fact = latestConsent(holder);
      if (fact?.event.name !== 'ConsentCommitted') return null;
      const { size, root } = fact.event.args;
      return { size, root, committedAtSeconds: Math.floor(fact.timeMs / 1000) };
    },
    consentRootAt: async () => null,
    commitConsent: async ({ size, root }) => {
      say('attestations', 'ConsentCommitted', { holder, size, root });
      return {} as Awaited<ReturnType<LedgerClient['commitConsent']>>;
    },
    beaconOf: async (beaconId) => {
      const committedInBlock = beaconBlocks.get(beaconId);
      if (committedInBlock === undefined) return null;
      const value = toHex(keyOf(`beacon ${beaconId}`));
      return { id: beaconId, regulator: 'watch', committedInBlock, commitment: '', value };
    },
  };
  const beaconBlocks = new Map<number, number>();
  const vault = createVault({
    domain: domains.consentStore,
    org: 'bank',
    seed: bank.seed,
    store,
    randomBytes: countedBytes('vault'),
  });
  const consentParts = { org: 'bank', vault, ledger: ledger as LedgerClient, clock, randomBytes: countedBytes('salt') };
  const consent = createBankConsent(consentParts);
  const authority =
    holder === 'bank'
      ? consent
      : createBankConsent({
          ...consentParts,
          org: holder,
          vault: createVault({
            domain: domains.consentStore,
            org: holder,
            seed: keyOf(`${holder}/seed`),
            store: memoryStore(),
            randomBytes: countedBytes('authority'),
          }),
        });
  const args = { gates: [...GATES], requester: 'bank', expiresAt: document.expiresAt };
  // only what an audit of consent reads of a request
  const requests = new Map([[id, { id, submitted: { args } } as unknown as AuditedRequest]]);
  const story = { requests } as unknown as ChainStory;
  const view: SamplingView = { story, facts, entriesOf: (org) => entries.get(org) ?? [] };
  const parts: OpeningParts = {
    sender: { org: 'bank', keyEpoch: 1, secretKey: bank.signing },
    consent,
    ledger,
    member: async (org) => {
      const found = members.get(org);
      if (found === undefined) throw new ProtocolError('MEMBER_UNKNOWN', { org });
      return record(found);
    },
    anchoredBefore: async (org, before) => {
      const anchor = facts.findLast(
        ({ event }) => event.name === 'CheckpointAnchored' && event.args.org === org && event.blockNumber < before,
      )?.event;
      return anchor?.name === 'CheckpointAnchored' ? { size: anchor.args.size, root: anchor.args.root } : null;
    },
    document: async () => document,
    clock,
    randomBytes: countedBytes('opening'),
  };
  const randomBytes = countedBytes('blinds');
  const { publicKey } = poprf.deriveKeyPair(keyOf('gate'), utf8('test'));
  const blinder = poprf.createBlinder(publicKey, utf8('computation'));
  const unlockAt = async (gate: string, subjects: readonly SubjectId[], lane: number): Promise<void> => {
    const log = entries.get(gate)!;
    const blinded = subjects.map((one) => blinder.blind(utf8(one), poprf.randomScalar(randomBytes(64))));
    const elements = blinded.map(({ blindedElement }) => blindedElement);
    const blindedDigest = elementsDigest(elements);
    const order = { requestId: id, gate, lane, blindedDigest, subjects: [...subjects] };
    const blinds = blinded.map(({ blind }) => toHex(blind));
    await consent.keeperFor(document)({ ...order, blinds, elements: elements.map(toHex) });
    const consentSize = (await ledger.consentOf(holder))?.size ?? 0;
    const fields = { requestId: id, lane, counter: log.length + 1, count: subjects.length, blindedDigest, consentSize };
    log.push({
      org: gate,
      index: log.length,
      kind: 'unlocking',
      timeMs: clock.now(),
      fields,
    } as unknown as AuditedEntry);
  };
  const world: PaperWorld = {
    document,
    requestId: id,
    clock,
    store,
    consent,
    view,
    facts,
    ledger,
    entries,
    tick: (seconds = 1) => clock.move(1000 * seconds),
    authority,
    share: async () => receiveShare({ org: 'bank', vault, ledger }, (await authority.book()).shareFor('bank')),
    add: async (inputs) => (await authority.book()).add(inputs),
    commit: async () => void (await (await authority.book()).commit()),
    anchor: () => {
      for (const [org, log] of entries)
        say('evidence', 'CheckpointAnchored', { org, size: log.length, root: toHex(keyOf(`${org}/${log.length}`)) });
    },
    unlock: async (subjects, isChecked = true) => {
      if (isChecked) await consent.assertCovered(document, subjects);
      for (const gate of GATES) await unlockAt(gate, subjects, 0);
    },
    beacon: (beaconId = 1) => {
      block += 1;
      if (!beaconBlocks.has(beaconId)) beaconBlocks.set(beaconId, block);
      return { id: beaconId, value: toHex(keyOf(`beacon ${beaconId}`)), commitBlock: beaconBlocks.get(beaconId)! };
    },
    challenge: ({ sampleSize = 100, beacon = world.beacon() } = {}) => {
      const deadline = Math.floor(clock.now() / 1000) + 3600;
      const body = challengeFrom(view, id, beacon, { sampleSize, deadline });
      parseDocument(consentChallengeSchema, body, 'challenge');
      return regulator.envelope(domains.consentChallenge, body, clock.now());
    },
    open: (challenge) => openChallenge(parts, challenge),
    unseal: (sealed, challenge) =>
      openDocument(sealed, {
        domain: domains.consentOpening,
        about: toHex(envelopeDigest(challenge)),
        schema: consentOpeningSchema,
        key: { signer: 'bank', keyEpoch: 1, publicKey: bank.ed25519 },
        receiver: 'watch',
        sealing: [regulator.sealing],
        now: new Date(clock.now()),
      }),
    audit: async ({ sampleSize = 100, forge = (opening: ConsentOpening) => opening } = {}) => {
      world.anchor();
      const challenge = world.challenge({ sampleSize });
      const opening = await world.unseal((await world.open(challenge)).sealed, challenge);
      return checkOpening(view, challenge.body, forge(opening), { poprf, toleranceMs: 10_000 });
    },
  };
  return world;
}

/** The findings of a sample, one word for each sampled query in order, `-` for none. */
export function findingsOf({ queries }: CheckedSample): string[] {
  return queries.map(({ found }) => found?.finding ?? '-');
}

/** A digest that stands for something else. */
export function digestOf(label: string): string {
  return createHash('sha256').update(label).digest('hex');
}

/** Receipts of the subjects on chain. */
export async function worldWith(subjects: readonly string[]): Promise<PaperWorld> {
  const world = paperWorld();
  await world.add(subjects.map((subject) => receiptFor(subject)));
  await world.commit();
  world.tick(5);
  return world;
}

/** The report of a sample, with what the logs were found with. */
export function report(world: PaperWorld, sample: CheckedSample, sampleSize = 100, logFindings: readonly never[] = []) {
  return reportOfSample({
    regulator: 'watch',
    challenge: world.challenge({ sampleSize }).body,
    challengeDigest: digestOf('challenge'),
    sample,
    logFindings,
    unrevealedBeacons: 0,
    checkedAt: new Date(world.clock.now()).toISOString(),
  });
}
