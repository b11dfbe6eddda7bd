/** Whose key counts when: the node's view of the members over the real contract. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createDirectory } from '@sealedger/node/chain/directory.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { admissionOf, type Ledger, startConsortium } from '../ledger/chains.ts';

const [first, second] = [admissionOf('tax').ed25519Key, '5'.repeat(64)];
const isStale = (error: unknown): boolean => isProtocolError(error, 'MEMBER_KEY_EPOCH');

async function chainSeconds(ledger: Ledger): Promise<number> {
  const block = await ledger.rpc.request('eth_getBlockByNumber', ['latest', false]);
  return Number((block as { timestamp: string }).timestamp);
}

/** A consortium in which tax rotated its keys, and a directory whose clock follows the chain's. */
async function rotated(t: TestContext, overlapSeconds: number) {
  const ledger = await startConsortium(t);
  await ledger.client('founder').closeFounding();
  const time = { nowMs: (await chainSeconds(ledger)) * 1000, now: () => time.nowMs, sleep: async () => undefined };
  const directory = createDirectory(ledger.client(null), time);
  assert.equal(toHex(await directory.signingKey('tax', 1)), first);
  const { account } = admissionOf('tax');
  await ledger.client('tax').rotateKeys({ account, ed25519Key: second, x25519Key: '6'.repeat(64) }, overlapSeconds);
  directory.invalidate('tax');
  time.nowMs = (await chainSeconds(ledger)) * 1000;
  return { ledger, time, directory };
}

test('within the overlap both keys count, and after it the new one alone', async (t) => {
  const { time, directory } = await rotated(t, 600);
  assert.equal(toHex(await directory.signingKey('tax', 2)), second);
  assert.equal(toHex(await directory.signingKey('tax', 1)), first);
  time.nowMs += 599_999;
  assert.equal(toHex(await directory.signingKey('tax', 1)), first);
  time.nowMs += 1;
  await assert.rejects(directory.signingKey('tax', 1), isStale);
  assert.equal(toHex(await directory.signingKey('tax', 2)), second);
});

test('without an overlap the key before counts no more, and epochs that never were never do', async (t) => {
  const { directory } = await rotated(t, 0);
  await assert.rejects(directory.signingKey('tax', 1), isStale);
  for (const epoch of [0, -1, 3, 1.5, Number.NaN]) await assert.rejects(directory.signingKey('tax', epoch), isStale);
});

test('a revoked overlap ends with its block', async (t) => {
  const { ledger, directory } = await rotated(t, 86_400);
  assert.equal(toHex(await directory.signingKey('tax', 1)), first);
  await ledger.client('tax').revokePreviousKeys();
  directory.invalidate('tax');
  await assert.rejects(directory.signingKey('tax', 1), isStale);
  assert.equal(toHex(await directory.signingKey('tax', 2)), second);
  assert.equal((await ledger.client('tax').revokePreviousKeys()).already, true, 'and may be sent again');
});

test('keys that the members changed leave no overlap, of the vote or of the rotation before', async (t) => {
  const { ledger, directory } = await rotated(t, 86_400);
  const lost = { account: 'ab'.repeat(20), ed25519Key: '7'.repeat(64), x25519Key: '8'.repeat(64) };
  const { proposalId } = await ledger.client('bank').proposeKeys('tax', lost);
  for (const voter of ['court', 'bureau'] as const) await ledger.client(voter).vote(proposalId, true);
  directory.invalidate('tax');
  for (const epoch of [1, 2]) await assert.rejects(directory.signingKey('tax', epoch), isStale);
  assert.equal(toHex(await directory.signingKey('tax', 3)), lost.ed25519Key);
});

test('a suspended member has no key that counts, overlap or not', async (t) => {
  const { ledger, directory } = await rotated(t, 86_400);
  const { proposalId } = await ledger.client('bank').proposeSuspension('tax');
  for (const voter of ['court', 'bureau'] as const) await ledger.client(voter).vote(proposalId, true);
  directory.invalidate('tax');
  for (const epoch of [1, 2]) {
    await assert.rejects(directory.signingKey('tax', epoch), (error) => isProtocolError(error, 'MEMBER_SUSPENDED'));
  }
});
