import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveEventSecrets } from '@sealedger/protocol/evidence/commitment.ts';
import { createEvent, type EvidenceEvent, eventSchema } from '@sealedger/protocol/evidence/event.ts';
import {
  type EventFields,
  type EventKind,
  eventKinds,
  eventSchemas,
  eventType,
  fieldNames,
  kindOfType,
} from '@sealedger/protocol/evidence/event-kinds.ts';

const hex = (digit: string): string => digit.repeat(64);

/** One event of each kind, with every field that it may have. */
const examples: { readonly [K in EventKind]: EventFields<K> } = {
  member: { org: 'tax', roles: ['department'], state: 'admitted', keyEpoch: 1, block: 7 },
  dataset: {
    datasetId: hex('a'),
    owner: 'tax',
    level: 3,
    state: 'published',
    metadataHash: hex('b'),
    block: 7,
    actor: hex('c'),
  },
  version: {
    datasetId: hex('a'),
    name: 'income',
    version: 2,
    metadataHash: hex('b'),
    commitment: hex('c'),
    level: 3,
    rows: 10,
    actor: hex('d'),
  },
  quality: {
    datasetId: hex('a'),
    version: 2,
    round: 1,
    ruleSetHash: hex('b'),
    scoreBasisPoints: 9_950,
    reportHash: hex('c'),
    actor: hex('d'),
  },
  workOrder: { datasetId: hex('a'), version: 2, orderId: hex('b'), state: 'opened', rows: 3, actor: hex('c') },
  request: {
    requestId: hex('a'),
    requester: 'bank',
    purpose: 'credit',
    datasets: [hex('b')],
    modelDigest: hex('c'),
    quota: 10,
    expiresAt: 1_800_000_000,
    previous: hex('d'),
    certifier: 'watchdog',
  },
  decision: {
    requestId: hex('a'),
    decider: 'tax',
    approved: true,
    reason: 'policy.auto',
    grantHash: hex('b'),
    actor: hex('c'),
    secondActor: hex('e'),
    policyHash: hex('f'),
  },
  computation: {
    requestId: hex('a'),
    computationId: hex('b'),
    attempt: 1,
    role: 'department',
    state: 'completed',
    inputDigest: hex('c'),
    outputDigest: hex('d'),
    seedCommitment: hex('e'),
    chunks: 2,
    grantHashes: [hex('4'), hex('5')],
  },
  result: {
    requestId: hex('a'),
    computationId: hex('b'),
    batch: 1,
    commitment: hex('c'),
    count: 5,
    grantHashes: [hex('d')],
  },
  unlocking: {
    requestId: hex('a'),
    computationId: hex('b'),
    lane: 0,
    counter: 1,
    count: 1,
    totalUsed: 1,
    requestDigest: hex('c'),
    receiptDigest: hex('d'),
    blindedDigest: hex('e'),
    consentSize: 12,
  },
  revocation: {
    requestId: hex('a'),
    reason: 'request.revoked',
    org: 'tax',
    reasonHash: hex('b'),
    block: 7,
    actor: hex('c'),
  },
  keyChange: { org: 'tax', keyEpoch: 2, ed25519Key: hex('a'), x25519Key: hex('b'), block: 7 },
  alert: { code: 'backlog.high', requestId: hex('a'), count: 700, orderId: hex('b'), org: 'bank' },
  points: { datasetId: hex('a'), orderId: hex('b'), ruleHash: hex('c'), points: -2, total: 40, actor: hex('d') },
  need: { needId: hex('a'), state: 'stated', actor: hex('b') },
  act: { actor: hex('a'), command: 'request.decide', outcome: 'done', requestId: hex('b') },
  question: { requestId: hex('a'), questionId: hex('b'), state: 'asked', actor: hex('c') },
  certificate: {
    modelDigest: hex('a'),
    certifier: 'watchdog',
    certificateHash: hex('b'),
    state: 'certified',
    block: 7,
  },
  consent: { holder: 'bank', size: 3, root: hex('a'), state: 'committed', block: 7 },
  suspension: {
    requestId: hex('a'),
    state: 'suspended',
    org: 'tax',
    reason: 'usage.burst',
    reasonHash: hex('b'),
    block: 7,
    actor: hex('c'),
  },
};

function eventOf<K extends EventKind>(kind: K): EvidenceEvent {
  const secrets = deriveEventSecrets(new Uint8Array(32).fill(9), kind, 'k');
  return createEvent(kind, examples[kind], { ...secrets, source: 'tax', time: new Date(Date.UTC(2026, 0, 1)) }).event;
}

test('the closed list has a kind for every step of the life of data', () => {
  assert.deepEqual(Object.keys(examples), [...eventKinds]);
  for (const kind of eventKinds) assert.equal(kindOfType(eventType(kind)), kind);
  for (const type of ['org.sealedger.gossip.v1', 'org.sealedger.member.v2', 'member', '']) {
    assert.equal(kindOfType(type), undefined);
  }
});

test('each kind takes all its fields, and none without its required ones or with a foreign one', () => {
  for (const kind of eventKinds) {
    assert.ok(eventSchemas[kind].safeParse(examples[kind]).success, kind);
    assert.equal(eventSchemas[kind].safeParse({ ...examples[kind], note: 'x' }).success, false, kind);
    for (const name of fieldNames(kind).required) {
      const { [name]: _, ...less } = examples[kind] as Readonly<Record<string, unknown>>;
      assert.equal(eventSchemas[kind].safeParse(less).success, false, `${kind} without ${name}`);
    }
  }
});

test('a field keeps its place in its kind, because its salt derives from it', () => {
  for (const kind of eventKinds) {
    assert.deepEqual([...fieldNames(kind).allowed], Object.keys(examples[kind]), kind);
  }
});

/** CloudEvents 1.0.2, sections 3.1 and 3.1.1, and its JSON format, 2.2 and 3.1: typed in from the specification. */
function assertCloudEvent(event: Readonly<Record<string, unknown>>): void {
  for (const attribute of ['id', 'source', 'specversion', 'type']) {
    assert.equal(typeof event[attribute], 'string', `${attribute} is required and a string`);
    assert.notEqual(event[attribute], '', `${attribute} is not empty`);
  }
  assert.equal(event['specversion'], '1.0');
  assert.doesNotThrow(() => new URL(event['source'] as string), 'source is an absolute URI');
  assert.match(event['type'] as string, /^[a-z]+(\.[A-Za-z0-9]+)+$/, 'type begins with a reversed DNS name');
  const time = event['time'] as string;
  assert.equal(new Date(time).toISOString(), time, 'time is RFC 3339');
  assert.match(event['datacontenttype'] as string, /^[a-z]+\/[a-z.+-]+$/, 'datacontenttype is RFC 2046');
  assert.equal(typeof event['data'], 'object', 'data of a JSON content type is a JSON value');
  for (const [attribute, value] of Object.entries(event)) {
    if (attribute === 'data') continue;
    assert.match(attribute, /^[a-z0-9]{1,20}$/, 'a context attribute is of lower-case letters and digits');
    assert.equal(typeof value, 'string', `${attribute}: an attribute of ours is a string, a URI or a timestamp`);
    assert.ok((value as string).isWellFormed());
    assert.doesNotMatch(value as string, /\p{Cc}/u, 'no control characters');
  }
}

test('the envelope of every kind is a CloudEvents 1.0 event in its JSON format', () => {
  const ids = new Set<string>();
  for (const kind of eventKinds) {
    const event = eventOf(kind);
    assertCloudEvent(event);
    assert.ok(eventSchema.safeParse(event).success, kind);
    ids.add(`${event.source} ${event.id}`);
  }
  assert.equal(ids.size, eventKinds.length, 'source and id together name one event');
  const { id: _, ...nameless } = eventOf('alert');
  assert.throws(() => assertCloudEvent(nameless));
  assert.throws(() => assertCloudEvent({ ...eventOf('alert'), keyEpoch: '1' }), 'capitals are no attribute name');
  assert.equal(eventSchema.safeParse(nameless).success, false);
});
