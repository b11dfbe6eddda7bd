/** The node's watcher of the chain over the real contracts and a real store. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createDirectory } from '@sealedger/node/chain/directory.ts';
import { createLedger } from '@sealedger/node/chain/ledger.ts';
import { type ChainWatcherParts, openChainWatcher } from '@sealedger/node/chain/watcher.ts';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { fromAccount } from '@sealedger/protocol/ledger/ids.ts';
import { computeAddress, SigningKey } from 'ethers';
import { type Ledger, publishAndPrepare, startConsortium, switchable, temporaryDirectory } from '../ledger/chains.ts';
import { kindOf, openNodeState } from './support/node-state.ts';

const NOW_MS = 1_800_000_000_000;
const silent = { info: () => undefined, error: () => undefined };
const clock = { now: () => NOW_MS, sleep: async () => undefined };

async function node(
  t: TestContext,
  ledger: Ledger,
  path?: string,
  wrap?: (s: EvidenceStore<BatchOp>) => EvidenceStore<BatchOp>,
) {
  const directory = path ?? join(await temporaryDirectory(t), 'state');
  const opened = await openNodeState(directory, 'tax', wrap);
  const told: string[] = [];
  const parts: ChainWatcherParts = {
    org: 'tax',
    rpc: ledger.rpc,
    deployment: ledger.deployment,
    clock,
    state: opened.state,
    events: opened.events,
    log: silent,
    concerns: {
      request: async (requestId) => requestId === '1'.repeat(64),
      model: async (modelDigest, certifier) => modelDigest === '2'.repeat(64) && certifier === 'watchdog',
      holder: async (org) => org === 'bank',
    },
    changed: {
      member: (org) => void told.push(`member ${org}`),
      request: (id) => void told.push(`request ${id[0]}`),
      attestations: () => void told.push('attestations'),
      everything: () => void told.push('everything'),
    },
  };
  return { ...opened, told, parts, directory, watcher: await openChainWatcher(parts) };
}

async function words(opened: Awaited<ReturnType<typeof node>>): Promise<string[]> {
  const events = await opened.logged();
  return events.map((event) => {
    const { openings } = event;
    const said = ['org', 'owner', 'state', 'reason', 'keyEpoch', 'code'].flatMap((name) =>
      openings[name] === undefined ? [] : [String(openings[name].value)],
    );
    return [kindOf(event), ...said].join(' ');
  });
}

async function suspend(ledger: Ledger, org: string): Promise<void> {
  const { proposalId } = await ledger.client('bank').proposeSuspension(org);
  for (const voter of ['court', 'bureau'] as const) await ledger.client(voter).vote(proposalId, true);
}

test('logs members, keys, own versions and the end of requests that concern it, each once, over restarts', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  await ledger.client('founder').closeFounding();
  const first = await node(t, ledger);
  await first.watcher.poll();
  const admissions = ['bank', 'tax', 'court', 'bureau'].flatMap((org) => [
    `keyChange ${org} 1`,
    `member ${org} admitted`,
  ]);
  const before = await words(first);
  assert.deepEqual([...before].sort(), [...admissions, 'dataset tax published'].sort());
  await first.watcher.poll();
  assert.equal(first.log.size, before.length, 'a second look at the same chain logs nothing');

  await ledger.client('bank').submitRequest(terms);
  const { account } = (await ledger.client('court').organisation('court'))!;
  await ledger.client('court').rotateKeys({ account, ed25519Key: 'e'.repeat(64), x25519Key: 'f'.repeat(64) }, 0);
  await ledger.client('tax').withdrawDatasetVersion(terms.datasetVersions[0]!);
  await suspend(ledger, 'court');
  await ledger.client('bank').withdrawRequest(terms.requestDigest);
  await first.close();

  const second = await node(t, ledger, first.directory);
  await second.watcher.poll();
  const after = (await words(second)).slice(before.length);
  assert.deepEqual(after, [
    'keyChange court 2',
    'dataset tax withdrawn',
    'member court suspended',
    'revocation request.withdrawn',
  ]);
  assert.ok(second.told.includes('member court') && second.told.includes('request 1'));
  await second.close();
});

test('a request that does not concern the node is none of its business', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger, '2'.repeat(64));
  const opened = await node(t, ledger);
  t.after(opened.close);
  await ledger.client('bank').submitRequest(terms);
  await ledger.client('bank').withdrawRequest(terms.requestDigest);
  await opened.watcher.poll();
  assert.ok(!(await words(opened)).some((word) => word.startsWith('revocation')));
  assert.ok(opened.told.includes('request 2'), 'what is remembered of it is dropped all the same');
});

test('logs halts, ends and attestations of what concerns it, and tells of all of them', async (t) => {
  const ledger = await startConsortium(t);
  const regulator = '5e'.repeat(32);
  const account = fromAccount(computeAddress(new SigningKey(`0x${regulator}`).publicKey));
  const keys = { account, ed25519Key: 'd'.repeat(64), x25519Key: 'c'.repeat(64) };
  await ledger.client('founder').admit({ id: 'watchdog', roles: ['regulator'], endpoint: '', ...keys });
  const watchdog = ledger.client(null, { account: { privateKeyHex: regulator } });
  const terms = await publishAndPrepare(ledger);
  const opened = await node(t, ledger);
  t.after(opened.close);
  await opened.watcher.poll();
  const before = opened.log.size;

  const bank = ledger.client('bank');
  const activate = async (next: typeof terms): Promise<void> => {
    await bank.submitRequest(next);
    const decision = { approved: true, reasonHash: '3'.repeat(64), grantHash: '4'.repeat(64) };
    for (const owner of ['tax', 'court', 'bureau'] as const) {
      await ledger.client(owner).decide(next.requestDigest, decision);
    }
    for (const gate of next.gates)
      await ledger.client(gate as 'court').publishGateKey(next.requestDigest, '5'.repeat(64));
  };
  await activate(terms);
  const certification = { requester: 'bank', certificateHash: '7'.repeat(64) };
  await watchdog.certifyModel({ modelDigest: terms.modelDigest, ...certification });
  await watchdog.certifyModel({ modelDigest: '9'.repeat(64), ...certification });
  await watchdog.withdrawCertificate(terms.modelDigest);
  await bank.commitConsent({ size: 1, root: 'a'.repeat(64) });
  await ledger.client('court').commitConsent({ size: 1, root: 'b'.repeat(64) });
  await watchdog.commitBeacon('6'.repeat(64));
  await ledger.client('court').suspendRequest(terms.requestDigest, '8'.repeat(64));
  await ledger.client('court').resumeRequest(terms.requestDigest);
  await activate({ ...terms, requestDigest: '2'.repeat(64), previous: terms.requestDigest });
  await opened.watcher.poll();
  assert.deepEqual((await words(opened)).slice(before), [
    'certificate certified',
    'certificate withdrawn',
    'consent committed',
    'suspension court suspended',
    'suspension court resumed',
    'revocation request.superseded',
  ]);
  assert.equal(opened.told.filter((what) => what === 'attestations').length, 6);
});

test('killed at any write of the log it goes on where it was: nothing twice, nothing left out', async (t) => {
  const ledger = await startConsortium(t);
  const whole = await node(t, ledger);
  await whole.watcher.poll();
  const expected = await words(whole);
  await whole.close();
  for (const when of ['before', 'after'] as const) {
    const path = join(await temporaryDirectory(t), 'state');
    for (let n = 1; n <= expected.length; n++) {
      const dying = await node(t, ledger, path, (store) => ({
        ...store,
        commit: async (puts, others) => {
          if (when === 'after') await store.commit(puts, others);
          throw new Error('killed');
        },
      }));
      await assert.rejects(dying.watcher.poll());
      await dying.close();
      if (when === 'before') break;
    }
    const reborn = await node(t, ledger, path);
    await reborn.watcher.poll();
    assert.deepEqual(await words(reborn), expected, when);
    await reborn.close();
  }
});

test('a chain that is away is asked again, and its absence shows', async (t) => {
  const ledger = await startConsortium(t);
  const away = switchable(ledger.rpc);
  const opened = await node(t, { ...ledger, rpc: away.rpc });
  t.after(opened.close);
  away.state.away = true;
  await assert.rejects(opened.watcher.poll(), (error) => isProtocolError(error, 'CHAIN_UNREACHABLE'));
  assert.equal(opened.watcher.lastSeenAt, null);
  away.state.away = false;
  await opened.watcher.poll();
  assert.equal(opened.watcher.lastSeenAt, NOW_MS);
  assert.equal(opened.watcher.head, opened.watcher.seenBlock);
});

test('a suspension is known at once where the watcher says so, and within a second where it does not', async (t) => {
  const ledger = await startConsortium(t);
  await ledger.client('founder').closeFounding();
  const time = { nowMs: NOW_MS, now: () => time.nowMs, sleep: async () => undefined };
  const told = createDirectory(ledger.client(null), time);
  const untold = createDirectory(ledger.client(null), time);
  for (const directory of [told, untold]) await directory.activeMember('court');
  const opened = await node(t, ledger);
  t.after(opened.close);
  const watcher = await openChainWatcher({
    ...opened.parts,
    changed: { ...opened.parts.changed, member: (org) => told.invalidate(org) },
  });
  await suspend(ledger, 'court');
  await untold.activeMember('court');
  await told.activeMember('court');
  await watcher.poll();
  const isSuspended = (error: unknown): boolean => isProtocolError(error, 'MEMBER_SUSPENDED');
  await assert.rejects(told.activeMember('court'), isSuspended);
  await untold.activeMember('court');
  time.nowMs += 1000;
  await assert.rejects(untold.activeMember('court'), isSuspended);
  await told.activeMember('tax');
});

test('what is invalidated while the chain is away still answers, and is asked for again when it is back', async (t) => {
  const ledger = await startConsortium(t);
  const away = switchable(ledger.rpc);
  const time = { nowMs: NOW_MS, now: () => time.nowMs, sleep: async () => undefined };
  const directory = createDirectory(ledger.client(null, { rpc: away.rpc }), time);
  await directory.activeMember('court');
  away.state.away = true;
  directory.invalidate('court');
  assert.equal((await directory.activeMember('court')).org, 'court');
  away.state.away = false;
  away.state.calls.length = 0;
  await directory.activeMember('court');
  assert.ok(away.state.calls.includes('eth_call'), 'the chain was asked');
});

test('a revoked request is looked up anew at once where the watcher says so', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  await ledger.client('bank').submitRequest(terms);
  const view = createLedger(ledger.client('tax'), 'tax', clock);
  assert.equal((await view.recentRequest(terms.requestDigest)).state, 'submitted');
  await ledger.client('bank').withdrawRequest(terms.requestDigest);
  assert.equal((await view.recentRequest(terms.requestDigest)).state, 'submitted', 'the memory of half a second');
  view.forget(terms.requestDigest);
  assert.equal((await view.recentRequest(terms.requestDigest)).state, 'withdrawn');
});
