/** Keys replaced while the node works: who takes which epoch until when, what the log and the keystore are afterwards. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory } from '@sealedger/node/chain/directory.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { KeySet } from '@sealedger/protocol/keystore.ts';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { createPeerClient, type FetchFunction, type PeerPorts } from '@sealedger/protocol/peer-client.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { openBank } from '@sealedger/sdk/bank.ts';
import { keys as accounts } from '../ledger/chains.ts';
import { fsck } from './support/fsck.ts';
import { FIRST_KEYS, type RotatingNode, rotatingNode, serveRpc } from './support/rotating-node.ts';

const refusedWith = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;

/** Waits until the node logged what another member's rotation causes, so that the log is at work. */
async function otherRotates({ ledger }: RotatingNode, n: number): Promise<void> {
  const court = ledger.client('court');
  const { account } = (await court.organisation('court'))!;
  await court.rotateKeys({ account, ed25519Key: `e${n}`.repeat(32), x25519Key: `f${n}`.repeat(32) }, 0);
}

test('a rotation during work: the log goes on under the new epoch, anchored before under the old one', async (t) => {
  const world = await rotatingNode(t);
  const node = await world.start();
  const steps: string[] = [];
  const work = Promise.all([otherRotates(world, 1), sleep(300).then(() => otherRotates(world, 2))]);
  const rotated = await world.rotate(60, { onStep: (line) => void steps.push(line) });
  await work;
  assert.equal(steps.length, 4);
  assert.equal(rotated.keyEpoch, 3);
  const record = (await world.ledger.client('tax').organisation('tax'))!;
  assert.deepEqual([record.keyEpoch, record.ed25519Key, record.account], [3, rotated.ed25519Key, rotated.account]);
  const keystore = await world.keystore();
  assert.equal(keystore.stored.next, null);
  assert.deepEqual(keystore.stored.earlierSealing, [FIRST_KEYS.current.sealing], 'boxes of before still open');
  assert.equal(keystore.stored.seed, FIRST_KEYS.seed);
  assert.equal(memberKeys(keystore.stored.current, nobleEd25519).ed25519Key, rotated.ed25519Key);
  const second = await world.rotate(0);
  assert.equal(second.keyEpoch, 4);
  await otherRotates(world, 3);
  await node.stop();
  const report = await fsck(world.file, join(world.dataDir, '..'));
  assert.deepEqual([report.verdict, report.unchecked], ['clean', []], 'every event under the key of its epoch');
  const again = await world.start();
  assert.ok(again.eventCount() >= report.size);
});

test('others take the keys before for the overlap and no longer, and only those just before', async (t) => {
  const world = await rotatingNode(t);
  await world.start();
  await world.rotate(60);
  let ms = Date.now();
  const clock = { now: () => ms, sleep: async () => undefined };
  const directory = createDirectory(world.ledger.client('court'), clock);
  const { previous } = (await world.ledger.client('court').organisation('tax'))!;
  const old = nobleEd25519.publicKey(Buffer.from(FIRST_KEYS.current.signing, 'hex'));
  assert.equal(toHex(await directory.signingKey('tax', 2)), toHex(old));
  await assert.rejects(directory.signingKey('tax', 1), refusedWith('MEMBER_KEY_EPOCH'));
  ms = 1000 * previous!.untilSeconds;
  await assert.rejects(directory.signingKey('tax', 2), refusedWith('MEMBER_KEY_EPOCH'));
  await world.rotate(60);
  ms = Date.now();
  directory.invalidate();
  await directory.signingKey('tax', 3);
  await assert.rejects(world.revoke('ap'), refusedWith('PERSON_ROLE'));
  await world.revoke();
  directory.invalidate();
  await assert.rejects(directory.signingKey('tax', 3), refusedWith('MEMBER_KEY_EPOCH'), 'revoked within its overlap');
  await world.rotate(0);
  ms += 5000;
  await assert.rejects(directory.signingKey('tax', 4), refusedWith('MEMBER_KEY_EPOCH'), 'no overlap was asked for');
});

test('a caller who looked the node up before its rotation reads its answer, with the key that the chain has now', async (t) => {
  const world = await rotatingNode(t);
  const node = await world.start();
  const callerKeys: KeySet = { signing: '75'.repeat(32), account: '2b'.repeat(32), sealing: '76'.repeat(32) };
  const bank = world.ledger.client('bank');
  const { account } = (await bank.organisation('bank'))!;
  await bank.rotateKeys({ ...memberKeys(callerKeys, nobleEd25519), account }, 0);
  const { keyEpoch, ed25519Key } = (await bank.organisation('tax'))!;
  const peer = { org: 'tax', endpoint: 'http://127.0.0.1:1', keyEpoch, ed25519: Buffer.from(ed25519Key, 'hex') };
  await world.rotate(60);
  const ports = (signingKey: Pick<PeerPorts, 'signingKey'>): PeerPorts => ({
    fetch: (url, init) => fetch(url.replace('127.0.0.1:1/', `127.0.0.1:${node.port}/`), init),
    clock: { now: () => Date.now(), sleep: async (ms) => void (await sleep(ms)) },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    ...signingKey,
  });
  const sign = (message: Uint8Array): Uint8Array => nobleEd25519.sign(message, Buffer.from(callerKeys.signing, 'hex'));
  const identity = { org: 'bank', keyEpoch: 2, sign };
  const call = { method: 'GET', path: '/v1/status' } as const;
  const directory = createDirectory(bank, { now: () => Date.now(), sleep: async () => undefined });
  const signingKey = (org: string, epoch: number) => directory.signingKey(org, epoch);
  await createPeerClient(identity, ports({ signingKey })).json(peer, call);
  await assert.rejects(createPeerClient(identity, ports({})).json(peer, call), refusedWith('MEMBER_KEY_EPOCH'));
});

test('a bank whose call a node answers under keys of a rotation within that call reads it, within an overlap and without', async (t) => {
  const world = await rotatingNode(t);
  const node = await world.start();
  const callerKeys: KeySet = { signing: '75'.repeat(32), account: accounts.bank, sealing: '76'.repeat(32) };
  const chain = world.ledger.client('bank');
  await chain.rotateKeys(memberKeys(callerKeys, nobleEd25519), 0);
  let rotate: (() => Promise<unknown>) | null = null;
  let calls = 0;
  const through: FetchFunction = async (url, init) => {
    if (!url.startsWith('http://127.0.0.1:1/')) return fetch(url, init);
    calls += 1;
    await rotate?.();
    rotate = null;
    return fetch(url.replace('127.0.0.1:1/', `127.0.0.1:${node.port}/`), init);
  };
  const bank = await openBank({
    org: 'bank',
    deployment: world.ledger.deployment,
    rpcUrl: await serveRpc(t, world.ledger.rpc),
    keys: { signing: Buffer.from(callerKeys.signing, 'hex'), account: Buffer.from(callerKeys.account, 'hex') },
    ports: {
      fetch: through,
      clock: { now: () => Date.now(), sleep: async (ms) => void (await sleep(ms)) },
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      store: { get: async () => undefined, put: async () => undefined },
    },
  });
  const faultsOfTax = async (): Promise<readonly string[]> => {
    const { faults } = await bank.catalogues.search();
    return faults.filter(({ org }) => org === 'tax').map(({ code }) => code);
  };
  for (const overlapSeconds of [60, 0]) {
    calls = 0;
    rotate = () => world.rotate(overlapSeconds);
    assert.deepEqual(await faultsOfTax(), []);
    assert.equal(calls, 1, 'the call went out once');
  }
});

test('only an operator with the passphrase rotates, and a refusal changes nothing', async (t) => {
  const world = await rotatingNode(t);
  await world.start();
  const before = await world.keystore();
  await assert.rejects(world.rotate(60, { by: 'ap' }), refusedWith('PERSON_ROLE'));
  await assert.rejects(world.rotate(60, { passphrase: 'not this passphrase' }), refusedWith('KEYSTORE_PASSPHRASE'));
  await assert.rejects(world.rotate(86_401), refusedWith('SCHEMA_MISMATCH'));
  assert.deepEqual((await world.keystore()).stored, before.stored);
  assert.equal((await world.ledger.client('tax').organisation('tax'))!.keyEpoch, 2);
});

test('two rotations at once are two rotations, one after the other', async (t) => {
  const world = await rotatingNode(t);
  await world.start();
  const both = await Promise.all([world.rotate(60), world.rotate(60)]);
  assert.deepEqual(both.map(({ keyEpoch }) => keyEpoch).sort(), [3, 4]);
  assert.equal((await world.keystore()).stored.earlierSealing.length, 2);
});
