import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { nativePrimitives } from '@sealedger/node/evidence/signer.ts';
import { concatPrefixed, utf8 } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes, canonicalText } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { commitField, deriveEventSecrets } from '@sealedger/protocol/evidence/commitment.ts';
import {
  createEvent,
  eventLeafBytes,
  eventSchema,
  hasFieldsOfItsKind,
  signedEventText,
  verifyOpenings,
} from '@sealedger/protocol/evidence/event.ts';
import { type EventFields, eventKinds, eventSchemas } from '@sealedger/protocol/evidence/event-kinds.ts';
import fc from 'fast-check';
import type { z } from 'zod';

const secret = new Uint8Array(32).fill(9);
const time = new Date(Date.UTC(2026, 0, 1));
const hex = (digit: string): string => digit.repeat(64);
const decision = { requestId: hex('a'), decider: 'tax', approved: true, reason: 'policy.auto', grantHash: hex('b') };

function makeDecision(fields: EventFields<'decision'> = decision, key = 'k') {
  return createEvent('decision', fields, { ...deriveEventSecrets(secret, 'decision', key), source: 'tax', time });
}

test('an event is a CloudEvents 1.0 envelope that carries commitments only', () => {
  const { event, openings } = makeDecision();
  assert.equal(event.specversion, '1.0');
  assert.equal(event.type, 'org.sealedger.decision.v1');
  assert.ok(eventSchema.safeParse(event).success);
  assert.ok(hasFieldsOfItsKind(event));
  assert.deepEqual(verifyOpenings(event, openings), { wrongField: null });
  const text = canonicalText(event);
  for (const value of [hex('a'), hex('b'), 'policy.auto', 'true']) assert.equal(text.includes(value), false, value);
});

test('any part of the openings verifies, and a changed value, salt or name does not', () => {
  const { event, openings } = makeDecision();
  const { approved, reason } = openings;
  assert.deepEqual(verifyOpenings(event, { approved: approved! }), { wrongField: null });
  assert.deepEqual(verifyOpenings(event, {}), { wrongField: null });
  assert.deepEqual(verifyOpenings(event, { approved: { ...approved!, value: false } }), { wrongField: 'approved' });
  assert.deepEqual(verifyOpenings(event, { approved: { ...approved!, salt: reason!.salt } }), {
    wrongField: 'approved',
  });
  assert.deepEqual(verifyOpenings(event, { reason: approved! }), { wrongField: 'reason' });
  assert.deepEqual(verifyOpenings(event, { toString: approved! }), { wrongField: 'toString' });
});

test('salts and ids differ between events, fields and secrets, and are the same for the same happening', () => {
  const a = deriveEventSecrets(secret, 'decision', 'k');
  const again = deriveEventSecrets(secret, 'decision', 'k');
  assert.equal(a.id, again.id);
  assert.deepEqual(a.saltFor('approved'), again.saltFor('approved'));
  const others = [
    deriveEventSecrets(secret, 'decision', 'l'),
    deriveEventSecrets(secret, 'revocation', 'k'),
    deriveEventSecrets(new Uint8Array(32).fill(8), 'decision', 'k'),
  ];
  for (const other of others) assert.notEqual(other.id, a.id);
  const salts = ['approved', 'decider', 'reason'].map((field) => Buffer.from(a.saltFor(field)).toString('hex'));
  assert.equal(new Set(salts).size, 3);
  assert.throws(
    () => a.saltFor('nothing'),
    (error) => isProtocolError(error, 'EVENT_TYPE_UNKNOWN'),
  );
});

test('native and portable primitives give the same event', () => {
  fc.assert(
    fc.property(fc.constantFrom(...eventKinds), fc.string(), (kind, key) => {
      const portable = deriveEventSecrets(secret, kind, key);
      const native = deriveEventSecrets(secret, kind, key, nativePrimitives);
      assert.equal(native.id, portable.id);
      const field = Object.keys(eventSchemas[kind].shape)[0]!;
      assert.deepEqual(native.saltFor(field), portable.saltFor(field));
      const salt = portable.saltFor(field);
      assert.equal(commitField(salt, field, key, nativePrimitives), commitField(salt, field, key));
    }),
    { seed: 20261121, numRuns: 100 },
  );
});

test('a commitment is SHA-256 over the length-prefixed domain, salt and canonical [name, value]', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 64 }),
      fc.string(),
      fc.string({ maxLength: 1000 }),
      (salt, name, value) => {
        const json = canonicalBytes([name, value]);
        const expected = createHash('sha256').update(concatPrefixed(utf8(domains.fieldCommitment), salt, json));
        assert.equal(commitField(salt, name, value), expected.digest('hex'));
      },
    ),
    { seed: 20261121, numRuns: 200 },
  );
});

test('refuses short salts and short secrets', () => {
  assert.throws(
    () => commitField(new Uint8Array(15), 'x', 1),
    (error) => isProtocolError(error, 'EVENT_SALT_LENGTH'),
  );
  assert.throws(
    () => deriveEventSecrets(new Uint8Array(31), 'decision', 'k'),
    (error) => isProtocolError(error, 'EVENT_SALT_SECRET'),
  );
});

test('no field of any kind takes an identifier, a name or a free text', () => {
  const plain = ['11010519491231002X', '110105194912310021', '91350100M000100Y43', '王小明', 'Wang Xiaoming', 'a b'];
  const codes = plain.flatMap((text) => [text, text.toLowerCase()]);
  const organisations = ['org', 'owner', 'requester', 'decider', 'certifier', 'holder'];
  const inClear = [...organisations, 'purpose', 'name'];
  for (const kind of eventKinds) {
    const shape: Readonly<Record<string, z.ZodType>> = eventSchemas[kind].shape;
    for (const [field, schema] of Object.entries(shape)) {
      // Names of the consortium's own, which stand on chain in clear.
      if (inClear.includes(field)) continue;
      for (const text of codes) assert.equal(schema.safeParse(text).success, false, `${kind}.${field}`);
    }
  }
});

test('refuses a missing, a foreign and a malformed field, and an event of no kind', () => {
  const refused = (fields: object): void =>
    assert.throws(
      () => makeDecision(fields as never),
      (error) => isProtocolError(error, 'SCHEMA_MISMATCH'),
    );
  const { decider: _, ...missing } = decision;
  refused(missing);
  refused({ ...decision, note: 'x' });
  refused({ ...decision, requestId: hex('A') });
  const { event } = makeDecision();
  assert.equal(eventSchema.safeParse({ ...event, type: 'org.sealedger.gossip.v1' }).success, false);
  assert.equal(eventSchema.safeParse({ ...event, source: 'urn:elsewhere' }).success, false);
  assert.equal(hasFieldsOfItsKind({ ...event, data: { ...event.data, note: hex('a') } }), false);
  const { approved: __, ...less } = event.data;
  assert.equal(hasFieldsOfItsKind({ ...event, data: less }), false);
});

test('the text of a signed event is put together canonically', () => {
  const { event } = makeDecision();
  const signed = { event, keyEpoch: 3, signature: '0'.repeat(128) };
  assert.equal(
    signedEventText(canonicalText(event), 3, signed.signature),
    Buffer.from(eventLeafBytes(signed)).toString(),
  );
});
