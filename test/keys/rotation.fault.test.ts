/** A rotation that ends at each of its steps: the next start finds one of the two states and finishes what was begun. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext, test } from 'node:test';
import { createAccountSender } from '@sealedger/node/chain/account.ts';
import { createKeyRing } from '@sealedger/node/keys/key-ring.ts';
import { keystorePath, openKeystore } from '@sealedger/node/keys/keystore.ts';
import { type RotationParts, rotateOwnKeys } from '@sealedger/node/services/rotation.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { KeySet } from '@sealedger/protocol/keystore.ts';
import { keyStanding, memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import type { Sender } from '@sealedger/protocol/ledger/transactions.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { fsck } from './support/fsck.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from './support/keystores.ts';
import { FIRST_KEYS, type RotatingNode, rotatingNode } from './support/rotating-node.ts';

const NEXT: KeySet = { signing: '81'.repeat(32), account: '82'.repeat(32), sealing: '83'.repeat(32) };
const refused = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;

async function assertRotated(world: RotatingNode, keyEpoch: number): Promise<void> {
  const { stored } = await world.keystore();
  const record = (await world.ledger.client('tax').organisation('tax'))!;
  assert.deepEqual([stored.current, stored.next], [NEXT, null]);
  assert.deepEqual(stored.earlierSealing, [FIRST_KEYS.current.sealing]);
  assert.deepEqual([record.keyEpoch, record.ed25519Key], [keyEpoch, memberKeys(NEXT, nobleEd25519).ed25519Key]);
}

async function assertWhole(world: RotatingNode): Promise<void> {
  const report = await fsck(world.file, join(world.dataDir, '..'));
  assert.deepEqual([report.verdict, report.difference, report.unchecked], ['clean', null, []]);
}

describe('a node that ended during a rotation', () => {
  /** A node with a log under the first keys, stopped. */
  const stopped = async (t: TestContext): Promise<RotatingNode> => {
    const world = await rotatingNode(t);
    await (await world.start()).stop();
    return world;
  };

  it('before the chain heard of it: the next start rotates, and logs nothing before', async (t) => {
    const world = await stopped(t);
    await world.seal({ ...FIRST_KEYS, next: NEXT });
    const node = await world.start();
    await assertRotated(world, 3);
    const { previous } = (await world.ledger.client('tax').organisation('tax'))!;
    assert.notEqual(previous, null, 'what was signed before the end still counts for the overlap');
    await node.stop();
    await assertWhole(world);
  });

  it('after the chain took the keys: the next start makes them the current ones', async (t) => {
    const world = await stopped(t);
    await world.seal({ ...FIRST_KEYS, next: NEXT });
    await world.ledger.client('tax').rotateKeys(memberKeys(NEXT, nobleEd25519), 60);
    const node = await world.start();
    await assertRotated(world, 3);
    await node.stop();
    await assertWhole(world);
    const again = await world.start();
    await assertRotated(world, 3);
    await again.stop();
  });

  it('with a keystore of before the rotation does not start: its keys are nobody’s', async (t) => {
    const world = await stopped(t);
    await world.ledger.client('tax').rotateKeys(memberKeys(NEXT, nobleEd25519), 60);
    await assert.rejects(world.start(), refused('KEYS_DIFFER'));
    await world.seal({ ...FIRST_KEYS, current: { ...NEXT, signing: '91'.repeat(32) } });
    await assert.rejects(world.start(), refused('KEYS_DIFFER'));
  });
});

/** A rotation whose surroundings fail as told; the chain's state is `onChain`. */
async function failing(t: TestContext, faults: { anchor?: Error; rotate?: Error; mined?: boolean; look?: Error }) {
  const dataDir = await temporaryDirectory(t);
  const path = keystorePath(dataDir);
  await writeTestKeystore(path, 'tax', { ...FIRST_KEYS.current, seed: FIRST_KEYS.seed });
  const keystore = await openKeystore(path, TEST_PASSPHRASE);
  const ring = createKeyRing(keystore, 2);
  const seen: string[] = [];
  let onChain = memberKeys(FIRST_KEYS.current, nobleEd25519);
  let keyEpoch = 2;
  const senderOf = (account: string): Sender => ({ account, send: () => Promise.reject(new Error('not here')) });
  const account = createAccountSender(senderOf(keystore.stored.current.account));
  const parts: RotationParts = {
    config: { org: 'tax', dataDir },
    ring,
    account,
    senderOf,
    client: {
      organisation: async () => {
        if (faults.look !== undefined) throw faults.look;
        return { ed25519Key: onChain.ed25519Key, keyEpoch } as never;
      },
    },
    clientOf: ({ account: by }) => ({
      rotateKeys: async (keys) => {
        seen.push(`rotated by ${by.slice(0, 4)}`);
        if (faults.mined !== false && faults.rotate === undefined) [onChain, keyEpoch] = [keys, 3];
        if (faults.mined === true) [onChain, keyEpoch] = [keys, 3];
        if (faults.rotate !== undefined) throw faults.rotate;
        return {} as never;
      },
    }),
    anchorer: {
      flush: async () => {
        if (faults.anchor !== undefined) throw faults.anchor;
        return true;
      },
      status: async () => ({ logSize: 3, confirmedSize: 3 }) as never,
    },
    clock: { now: () => 0, sleep: async () => undefined },
    log: { info: () => undefined, error: () => undefined },
    holdEvents: async () => {
      seen.push('held');
      return { release: () => void seen.push('released'), refuse: ({ code }) => void seen.push(`refused ${code}`) };
    },
    fail: () => void seen.push('ended'),
  };
  const stored = async () => (await openKeystore(path, TEST_PASSPHRASE)).stored;
  const rotate = () => rotateOwnKeys(parts, { passphrase: TEST_PASSPHRASE, overlapSeconds: 60 });
  return { rotate, seen, ring, account, stored, faults, parts };
}

test('a chain that is away before the anchor: the old keys go on, the next set waits and is the one used later', async (t) => {
  const faults: { anchor?: Error } = { anchor: new ProtocolError('CHAIN_UNREACHABLE', { method: 'x' }) };
  const { rotate, seen, ring, account, stored } = await failing(t, faults);
  await assert.rejects(rotate(), refused('CHAIN_UNREACHABLE'));
  const { next, current } = await stored();
  assert.deepEqual([current, ring.keyEpoch, account.account], [FIRST_KEYS.current, 2, FIRST_KEYS.current.account]);
  assert.deepEqual(seen, ['held', 'released']);
  delete faults.anchor;
  assert.equal((await rotate()).ed25519Key, memberKeys(next!, nobleEd25519).ed25519Key);
  assert.deepEqual([ring.keyEpoch, account.account], [3, next!.account]);
});

test('a contract that refuses: the old keys go on', async (t) => {
  const rotate = new ProtocolError('CHAIN_REFUSED', { call: 'rotateKeys' });
  const world = await failing(t, { rotate });
  await assert.rejects(world.rotate(), refused('CHAIN_REFUSED'));
  assert.deepEqual(
    world.seen,
    ['held', 'rotated by 2222', 'released'].map((s) => s.replace('2222', FIRST_KEYS.current.account.slice(0, 4))),
  );
  assert.equal(world.ring.keyEpoch, 2);
});

test('an answer that was lost after the chain took the keys: the new keys go on', async (t) => {
  const world = await failing(t, { rotate: new ProtocolError('CHAIN_TIMEOUT', { method: 'x' }), mined: true });
  assert.equal((await world.rotate()).keyEpoch, 3);
  assert.equal((await world.stored()).next, null);
});

test('nobody knows whether the chain took the keys: nothing more is logged, and the node ends', async (t) => {
  for (const look of [undefined, new ProtocolError('CHAIN_UNREACHABLE', { method: 'x' })]) {
    const rotate = new ProtocolError('CHAIN_TIMEOUT', { method: 'x' });
    const world = await failing(t, { rotate, mined: false, ...(look === undefined ? {} : { look }) });
    await assert.rejects(world.rotate(), refused('KEYS_UNSETTLED'));
    assert.deepEqual(world.seen.slice(2), ['ended', 'refused KEYS_UNSETTLED', 'released']);
    const content = { org: 'tax', keys: await world.stored() };
    const shown = (set: KeySet) => memberKeys(set, nobleEd25519);
    assert.equal(keyStanding(content, shown(content.keys.current), nobleEd25519), 'begun');
    assert.equal(keyStanding(content, shown(content.keys.next!), nobleEd25519), 'ahead');
  }
});

test('what the old account sent is done before the exchange, what comes during it goes out by the new one', async () => {
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const sender = (account: string, wait: Promise<void>): Sender => ({
    account,
    send: async (call) => {
      seen.push(`${account} ${call}`);
      await wait;
      return {} as never;
    },
  });
  const account = createAccountSender(sender('old', first.promise));
  const earlier = account.send('before', null, '0x');
  const exchange = account.exchange(
    sender('new', Promise.resolve()),
    async (old) => void (await old.send('rotate', null, '0x')),
  );
  const during = account.send('during', null, '0x');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ['old before'], 'the exchange waits');
  first.resolve();
  await Promise.all([earlier, exchange, during]);
  assert.deepEqual([...seen, account.account], ['old before', 'old rotate', 'new during', 'new']);
  const failed = account.exchange(sender('third', Promise.resolve()), () => Promise.reject(new Error('no')));
  await assert.rejects(failed);
  assert.equal(account.account, 'new', 'what failed exchanges nothing');
});
