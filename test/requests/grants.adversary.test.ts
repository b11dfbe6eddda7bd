import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import type { RequestRecord } from '@sealedger/protocol/ledger/records.ts';
import { requestId } from '@sealedger/protocol/request.ts';
import { MAX_QUESTIONS, type RequestStatus } from '@sealedger/protocol/request-status.ts';
import type { BankContext } from '@sealedger/sdk/bank.ts';
import { peerOf } from '@sealedger/sdk/peer-of.ts';
import { grantHolds, requestGrants, requestOverview } from '@sealedger/sdk/request-status.ts';
import { writeStoredJson } from '@sealedger/sdk/stored-json.ts';
import { requestKeys } from '@sealedger/sdk/stored-request.ts';
import { grantOf } from '../node/support/guards.ts';
import { organisation, START_MS } from '../node/support/organisations.ts';
import { hexOf, requestDocument } from '../node/support/request-fixture.ts';
import { bankPorts, fakePeers, memoryStore } from '../sdk/support/bank-fixture.ts';

const document = requestDocument();
const id = requestId(document);
const owners = ['court', 'tax', 'bureau'];
const orgs = new Map(owners.map((org) => [org, organisation(org, ['department'])]));

const granted = (org: string, change: Partial<Grant> = {}): SignedEnvelope<Grant> => {
  const datasets = [...document.datasets, document.register].filter(({ owner }) => owner === org).map((one) => one.id);
  return orgs.get(org)!.envelope(domains.grant, { ...grantOf(org, document), datasets, ...change });
};

const statusOf = (org: string, change: Partial<RequestStatus> = {}): unknown => ({
  requestId: id,
  org,
  state: 'active',
  decision: 'approved',
  grant: granted(org),
  questions: [],
  timers: [],
  missing: [],
  ...change,
});

/** A bank whose peers answer what a test says; the chain has the honest grants. */
async function bankWith(answer: (org: string) => unknown): Promise<BankContext> {
  const store = memoryStore();
  const ports = bankPorts(store);
  await writeStoredJson(store, requestKeys.request(id), { requestId: id, document, offset: 0 });
  const record = {
    id,
    requester: 'bank',
    state: 'active',
    submittedAtSeconds: START_MS / 1000,
    terms: { purpose: document.purpose, quota: document.quota, expiresAtSeconds: document.expiresAt, previous: null },
    deciders: owners.map((org) => ({
      org,
      decision: {
        verdict: 'approved',
        grantHash: toHex(envelopeDigest(granted(org))),
        reasonHash: '',
        decidedAtSeconds: 0,
      },
    })),
    gates: document.gates.map((org) => ({ org, poprfPublicKey: hexOf(1), unlocks: 3 })),
    suspenders: [],
    attempt: 1,
  } as unknown as RequestRecord;
  const organisationRecord = async (org: string) => {
    const { ed25519, keyEpoch, endpoint } = orgs.get(org)!;
    return { id: org, endpoint, keyEpoch, ed25519Key: toHex(ed25519), previous: null, status: 'active' };
  };
  const context = {
    org: 'bank',
    ports,
    peers: fakePeers(async ({ org }) => {
      const said = answer(org);
      if (said instanceof Error) throw said;
      return new TextEncoder().encode(JSON.stringify(said));
    }),
    ledger: { request: async (asked: string) => (asked === id ? record : null), organisation: organisationRecord },
    peer: async (org: string) => peerOf((await organisationRecord(org)) as unknown as Parameters<typeof peerOf>[0]),
  };
  // of the context these calls use no more
  return context as unknown as BankContext;
}

const lying = (org: string, change: Partial<RequestStatus>) => (asked: string) =>
  statusOf(asked, asked === org ? change : {});

async function verdicts(answer: (org: string) => unknown): Promise<Record<string, boolean>> {
  const reports = await requestGrants(await bankWith(answer), id);
  return Object.fromEntries(reports.map((report) => [report.org, grantHolds(report)]));
}

describe('the grants of a request', () => {
  it('hold where hash, signature and scope do', async () => {
    assert.deepEqual(await verdicts(statusOf), { court: true, tax: true, bureau: true });
  });

  const forged: readonly (readonly [string, () => unknown])[] = [
    ['a larger quota', () => granted('tax', { quota: 1_000_000 })],
    ['another end', () => granted('tax', { expiresAt: document.expiresAt + 1 })],
    ['less noise', () => granted('tax', { noisePolicy: { kind: 'centred-uniform', totalWidthLog2: -13 } })],
    ['another version of the request', () => granted('tax', { requestId: hexOf(9) })],
    ['somebody else’s data', () => granted('tax', { datasets: [document.datasets[0]!.id] })],
    ['a grant of another owner', () => granted('court')],
    ['a signature of another', () => ({ ...granted('tax'), signature: granted('court').signature })],
    ['a body changed after signing', () => ({ ...granted('tax'), body: { ...granted('tax').body, approvers: 2 } })],
    ['a later instant than was signed', () => ({ ...granted('tax'), issuedAt: '2026-11-21T08:00:01.000Z' })],
  ];
  for (const [what, grant] of forged) {
    it(`do not hold where a node shows ${what}; the others do`, async () => {
      assert.deepEqual(await verdicts(lying('tax', { grant: grant() })), { court: true, tax: false, bureau: true });
    });
  }

  const unreadable: readonly (readonly [string, unknown])[] = [
    ['no envelope', { grant: 'x' }],
    ['a body of another form', { grant: { ...granted('tax'), body: { approved: true } } }],
    ['a field too many', { grant: granted('tax'), more: 1 }],
    ['another organisation’s status', { org: 'court' }],
    ['another request’s status', { requestId: hexOf(4) }],
    ['10,000 questions', { questions: Array.from({ length: 10_000 }, () => ({})) }],
    ['a path in what is missing', { missing: ['attachment:../../etc/passwd'] }],
    ['control marks in a state', { state: '\u001b[2J' }],
  ];
  for (const [what, change] of unreadable) {
    it(`of a node that answers with ${what} is unread, and hides nobody else’s`, async () => {
      assert.deepEqual(await verdicts(lying('tax', change as Partial<RequestStatus>)), {
        court: true,
        tax: false,
        bureau: true,
      });
      const { parties } = await requestOverview(await bankWith(lying('tax', change as Partial<RequestStatus>)), id);
      assert.equal(parties.length, 3);
    });
  }

  it('of a node that is away are reported as such, with the decision that the chain has', async () => {
    const away = (org: string) =>
      org === 'tax' ? new ProtocolError('PEER_UNREACHABLE', { peer: org }) : statusOf(org);
    const overview = await requestOverview(await bankWith(away), id);
    const tax = overview.parties.find(({ org }) => org === 'tax')!;
    assert.deepEqual([tax.decision, tax.node, tax.failure], ['approved', null, 'PEER_UNREACHABLE']);
    assert.deepEqual(overview.waitingFor, [{ org: 'tax', what: 'node' }]);
    assert.equal(overview.used, 3);
  });

  it('under a key that is no longer the current one are told apart from forged ones', async () => {
    const older = { ...granted('tax'), keyEpoch: 0 };
    const reports = await requestGrants(await bankWith(lying('tax', { grant: older })), id);
    const { checks } = reports.find(({ org }) => org === 'tax')!;
    assert.deepEqual([checks!.signature, checks!.hash], [null, false], 'the hash on chain still tells');
  });
});

describe('a list of questions', () => {
  it('of the largest size is read', async () => {
    const questions = Array.from({ length: MAX_QUESTIONS }, (_, i) => ({
      questionId: hexOf(i + 1),
      state: 'asked' as const,
      text: '问'.repeat(4000),
      askedAt: 1,
      answer: null,
      answeredAt: null,
    }));
    const { waitingFor } = await requestOverview(await bankWith(lying('tax', { questions })), id);
    assert.equal(waitingFor.length, MAX_QUESTIONS);
  });
});
