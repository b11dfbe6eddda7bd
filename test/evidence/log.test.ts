import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { checkpointSigningBytes } from '@sealedger/protocol/evidence/checkpoint.ts';
import { eventLeafBytes, eventSigningBytes, verifyOpenings } from '@sealedger/protocol/evidence/event.ts';
import { consistencyProof, inclusionProof, leafHash, merkleRoot } from '@sealedger/protocol/merkle.ts';
import { draftOf, type OpenLog, openLog, startMs, temporaryDirectory, testSigner } from './support/log-fixture.ts';

async function freshLog(t: TestContext): Promise<OpenLog & { path: string }> {
  const directory = await temporaryDirectory();
  const opened = await openLog(directory.path);
  t.after(async () => {
    await opened.database.close();
    await directory.remove();
  });
  return { ...opened, path: directory.path };
}

test('keeps what it was given, signed, opened and in order', async (t) => {
  const { log } = await freshLog(t);
  const appended = await log.append([draftOf(1), draftOf(2)]);
  assert.deepEqual(
    appended.map(({ index }) => index),
    [0, 1],
  );
  const { signed, openings } = await log.eventAt(1);
  assert.deepEqual({ signed, openings }, { signed: appended[1]!.signed, openings: appended[1]!.openings });
  assert.equal(signed.event.time, new Date(startMs).toISOString());
  const message = eventSigningBytes(signed.event, signed.keyEpoch);
  assert.ok(ed25519.verify(fromHex(signed.signature), message, testSigner('tax').publicKey));
  assert.deepEqual(verifyOpenings(signed.event, openings), { wrongField: null });
  assert.deepEqual(await log.find('requestId', '2'.padStart(64, '0')), [{ index: 1, kind: 'revocation' }]);
});

test('gives the roots and proofs of RFC 9162 over tile borders, also after it was opened again', async (t) => {
  const directory = await temporaryDirectory();
  let { log, database } = await openLog(directory.path);
  t.after(async () => {
    await database.close();
    await directory.remove();
  });
  const hashes: Uint8Array[] = [];
  for (const upTo of [1, 255, 256, 257, 511, 513, 700]) {
    const drafts = Array.from({ length: upTo - hashes.length }, (_, i) => draftOf(hashes.length + i));
    for (const { signed } of await log.append(drafts)) hashes.push(leafHash(eventLeafBytes(signed)));
    await database.close();
    ({ log, database } = await openLog(directory.path));
    assert.equal(log.size, upTo);
    for (const size of [1, 100, 255, 256, 257, 500, 512, 700].filter((candidate) => candidate <= upTo)) {
      const leaves = hashes.slice(0, size);
      assert.equal(await log.rootAt(size), toHex(merkleRoot(leaves)));
      for (const index of [0, Math.floor(size / 2), size - 1]) {
        assert.deepEqual(await log.inclusionProof(index, size), inclusionProof(leaves, index).map(toHex));
      }
      const all = hashes.slice(0, upTo);
      assert.deepEqual(await log.consistencyProof(size, upTo), consistencyProof(all, size).map(toHex));
    }
  }
  await assert.rejects(log.rootAt(701), (error) => isProtocolError(error, 'EVIDENCE_RANGE'));
  await assert.rejects(log.rootAt(0), (error) => isProtocolError(error, 'EVIDENCE_RANGE'));
});

test('keeps its tree right over two levels of tiles', async (t) => {
  const { log } = await freshLog(t);
  const hashes: Uint8Array[] = [];
  const size = 256 * 3 + 5;
  const appended = await Promise.all(Array.from({ length: size }, (_, n) => log.append([draftOf(n)])));
  for (const [event] of appended) hashes.push(leafHash(eventLeafBytes(event!.signed)));
  assert.equal(await log.rootAt(size), toHex(merkleRoot(hashes)));
  assert.deepEqual(await log.inclusionProof(300, size), inclusionProof(hashes, 300).map(toHex));
});

test('takes an event once: the same draft comes back with its first index, and writes nothing', async (t) => {
  const { log, database } = await freshLog(t);
  const lanes = database.sublevel('lanes', {});
  const head = (value: string) => [{ type: 'put', sublevel: lanes, key: 'head', value } as const];
  const [first] = await log.append([draftOf(1)], head('first'));
  const [[again], [parallel]] = await Promise.all([
    log.append([draftOf(1)], head('second')),
    log.append([draftOf(1)], head('third')),
  ]);
  assert.deepEqual(again, first);
  assert.deepEqual(parallel, first);
  assert.equal(log.size, 1);
  assert.equal(await lanes.get('head'), 'first');
});

test('takes an event once, also when both drafts wait for the same batch', async (t) => {
  const { log } = await freshLog(t);
  const [[first], [second]] = await Promise.all([log.append([draftOf(1)]), log.append([draftOf(1)])]);
  assert.deepEqual(first, second);
  assert.equal(log.size, 1);
});

test('refuses a key that stands for something else, and an append that is new in part only', async (t) => {
  const { log, database } = await freshLog(t);
  const lanes = database.sublevel('lanes', {});
  const op = { type: 'put', sublevel: lanes, key: 'head', value: 'moved' } as const;
  await log.append([draftOf(1)]);
  const other = { ...draftOf(2), key: draftOf(1).key } as ReturnType<typeof draftOf>;
  await assert.rejects(log.append([other], [op]), (error) => isProtocolError(error, 'EVENT_KEY_REUSED'));
  await assert.rejects(log.append([draftOf(1), draftOf(2)], [op]), (error) =>
    isProtocolError(error, 'EVENT_BATCH_MIXED'),
  );
  await assert.rejects(log.append([draftOf(3), draftOf(3)], [op]), (error) =>
    isProtocolError(error, 'EVENT_BATCH_MIXED'),
  );
  assert.equal(log.size, 1);
  assert.equal(await lanes.get('head'), undefined);
});

test('refuses a field that is no digest, count, code or time, and takes the others of that moment', async (t) => {
  const { log } = await freshLog(t);
  const identifier = {
    kind: 'revocation',
    key: 'x',
    fields: { requestId: '0'.repeat(64), reason: '11010519491231002X' },
  };
  const [refused, taken] = await Promise.allSettled([
    log.append([identifier as ReturnType<typeof draftOf>]),
    log.append([draftOf(1)]),
  ]);
  assert.equal(refused.status, 'rejected');
  assert.ok(isProtocolError(refused.reason, 'SCHEMA_MISMATCH'));
  assert.equal(taken.status, 'fulfilled');
  assert.equal(log.size, 1);
});

test('signs one checkpoint per size, for ever', async (t) => {
  const { log } = await freshLog(t);
  await log.append([draftOf(1)]);
  const first = await log.checkpoint();
  await log.append([draftOf(2)]);
  assert.deepEqual(await log.checkpoint(1), first);
  const second = await log.checkpoint();
  assert.equal(second.checkpoint.size, 2);
  const message = checkpointSigningBytes(second.checkpoint, second.keyEpoch);
  assert.ok(ed25519.verify(fromHex(second.signature), message, testSigner('tax').publicKey));
  await assert.rejects(log.checkpoint(3), (error) => isProtocolError(error, 'EVIDENCE_RANGE'));
});
