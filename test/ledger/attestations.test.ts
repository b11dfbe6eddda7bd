/** Suspensions, attestations, proposals: the client over the real contracts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { fromAccount } from '@sealedger/protocol/ledger/ids.ts';
import { computeAddress, SigningKey } from 'ethers';
import { type Ledger, publishAndPrepare, startConsortium, startLedger, switchable } from './chains.ts';

const digest = (digit: string): string => digit.repeat(64);
const REGULATOR_KEY = '5e'.repeat(32);
const isRefused = (error: string) => (cause: unknown) =>
  isProtocolError(cause, 'CHAIN_REFUSED') && cause.details['error'] === error;

/** The consortium of the other tests and a regulator. */
async function withRegulator(t: TestContext): Promise<{ readonly ledger: Ledger; readonly watchdog: LedgerClient }> {
  const ledger = await startConsortium(t);
  const account = fromAccount(computeAddress(new SigningKey(`0x${REGULATOR_KEY}`).publicKey));
  const keys = { account, ed25519Key: digest('d'), x25519Key: digest('c') };
  await ledger.client('founder').admit({ id: 'watchdog', roles: ['regulator'], endpoint: '', ...keys });
  await ledger.client('founder').closeFounding();
  return { ledger, watchdog: ledger.client(null, { account: { privateKeyHex: REGULATOR_KEY } }) };
}

async function activeRequest(ledger: Ledger): Promise<string> {
  const terms = await publishAndPrepare(ledger);
  const id = terms.requestDigest;
  await ledger.client('bank').submitRequest(terms);
  for (const owner of ['tax', 'court', 'bureau'] as const) {
    await ledger.client(owner).decide(id, { approved: true, reasonHash: digest('3'), grantHash: digest('4') });
  }
  for (const gate of ['bureau', 'court'] as const) await ledger.client(gate).publishGateKey(id, digest('5'));
  return id;
}

test('a suspension and its end may be sent again, and each counts anew after the other', async (t) => {
  const ledger = await startConsortium(t);
  const id = await activeRequest(ledger);
  const tax = ledger.client('tax');
  for (const round of [1, 2]) {
    assert.equal((await tax.suspendRequest(id, digest('9'))).already, false, `round ${round}`);
    assert.equal((await tax.suspendRequest(id, digest('9'))).already, true);
    const halted = await tax.request(id);
    assert.deepEqual([halted?.state, halted?.suspenders], ['suspended', ['tax']]);
    assert.equal((await tax.resumeRequest(id)).already, false);
    assert.equal((await tax.resumeRequest(id)).already, true);
    assert.equal((await tax.request(id))?.state, 'active');
  }
  await tax.revokeRequest(id, digest('8'));
  await assert.rejects(tax.suspendRequest(id, digest('9')), isRefused('RequestsWrongState'));
});

test('a suspended request is expired once its time is over, whether or not the chain has a later block', async (t) => {
  const ledger = await startConsortium(t);
  const id = await activeRequest(ledger);
  await ledger.client('court').suspendRequest(id, digest('9'));
  const later = ledger.client(null, { clock: { now: () => 1_800_100_000_000, sleep: async () => undefined } });
  assert.equal((await later.request(id))?.state, 'expired');
});

test('an amendment is read with what it takes the place of', async (t) => {
  const ledger = await startConsortium(t);
  const id = await activeRequest(ledger);
  const terms = { ...(await ledger.client(null).request(id))!.terms, requestDigest: digest('2'), previous: id };
  assert.equal((await ledger.client('bank').submitRequest(terms)).already, false);
  assert.equal((await ledger.client('bank').submitRequest(terms)).already, true);
  await assert.rejects(
    ledger.client('bank').submitRequest({ ...terms, previous: null }),
    isRefused('RequestsAlreadySubmitted'),
  );
  assert.equal((await ledger.client(null).request(digest('2')))?.terms.previous, id);
});

test('certificates are written once, read back, and taken back', async (t) => {
  const { ledger, watchdog } = await withRegulator(t);
  const model = digest('2');
  assert.equal(await watchdog.certificateOf(model, 'watchdog'), null);
  const certification = { modelDigest: model, requester: 'bank', certificateHash: digest('7') };
  assert.equal((await watchdog.certifyModel(certification)).already, false);
  assert.equal((await watchdog.certifyModel(certification)).already, true);
  await assert.rejects(
    watchdog.certifyModel({ ...certification, certificateHash: digest('8') }),
    isRefused('AttestationsAlreadyCertified'),
  );
  await assert.rejects(ledger.client('tax').certifyModel(certification), isRefused('AttestationsRoleMissing'));
  const { certifiedAtSeconds, ...certificate } = (await watchdog.certificateOf(model, 'watchdog'))!;
  assert.deepEqual(certificate, { requester: 'bank', certificateHash: digest('7'), withdrawn: false });
  assert.ok(certifiedAtSeconds >= 1_800_000_000);
  await watchdog.withdrawCertificate(model);
  assert.equal((await watchdog.withdrawCertificate(model)).already, true);
  assert.equal((await watchdog.certificateOf(model, 'watchdog'))?.withdrawn, true);
});

test('states of a consent log are written in order and read back', async (t) => {
  const { ledger } = await withRegulator(t);
  const bank = ledger.client('bank');
  assert.equal(await bank.consentOf('bank'), null);
  assert.equal((await bank.commitConsent({ size: 2, root: digest('a') })).already, false);
  assert.equal((await bank.commitConsent({ size: 2, root: digest('a') })).already, true);
  await assert.rejects(bank.commitConsent({ size: 2, root: digest('b') }), isRefused('AttestationsSizeNotGrowing'));
  await bank.commitConsent({ size: 5, root: digest('b') });
  await assert.rejects(bank.commitConsent({ size: 4, root: digest('c') }), isRefused('AttestationsSizeNotGrowing'));
  const { size, root } = (await bank.consentOf('bank'))!;
  assert.deepEqual([size, root], [5, digest('b')]);
  assert.deepEqual([await bank.consentRootAt('bank', 2), await bank.consentRootAt('bank', 3)], [digest('a'), null]);
  await assert.rejects(bank.commitConsent({ size: 1.5, root: digest('b') }), (cause) =>
    isProtocolError(cause, 'CHAIN_NUMBER_INVALID'),
  );
});

test('a beacon is committed to once, and revealed once', async (t) => {
  const { ledger, watchdog } = await withRegulator(t);
  const secret = digest('6');
  const commitment = createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex');
  const committed = await watchdog.commitBeacon(commitment);
  assert.deepEqual([committed.id, committed.already], [1, false]);
  const again = await watchdog.commitBeacon(commitment);
  assert.deepEqual([again.id, again.already], [1, true]);
  assert.equal((await watchdog.beaconOf(1))?.value, null);
  await ledger.rpc.request('evm_mine', []);
  const { value } = await watchdog.revealBeacon(1, secret);
  assert.deepEqual(
    [(await watchdog.revealBeacon(1, secret)).value, (await watchdog.beaconOf(1))?.value],
    [value, value],
  );
  await assert.rejects(watchdog.revealBeacon(2, secret), isRefused('AttestationsUnknownBeacon'));
  assert.equal(await watchdog.beaconOf(2), null);
});

test('a call whose answer was lost has taken effect once', async (t) => {
  const { ledger } = await withRegulator(t);
  const losing = switchable(ledger.rpc);
  const watchdog = ledger.client(null, { rpc: losing.rpc, account: { privateKeyHex: REGULATOR_KEY } });
  const certification = { modelDigest: digest('2'), requester: 'bank', certificateHash: digest('7') };
  losing.state.loseAnswersOf = 'eth_sendRawTransaction';
  await assert.rejects(watchdog.certifyModel(certification), (cause) => isProtocolError(cause, 'CHAIN_UNREACHABLE'));
  losing.state.loseAnswersOf = '';
  assert.equal((await watchdog.certifyModel(certification)).already, true);
});

test('proposals are listed with what they change, and with the votes that count', async (t) => {
  const ledger = await startConsortium(t);
  assert.deepEqual(await ledger.client(null).proposals(), []);
  await ledger.client('founder').closeFounding();
  const [bank, tax] = [ledger.client('bank'), ledger.client('tax')];
  const keys = { account: 'ab'.repeat(20), ed25519Key: digest('e'), x25519Key: digest('f') };
  const admission = { id: 'bank-2', roles: ['bank'], endpoint: 'https://bank-2', ...keys } as const;
  await bank.proposeAdmission(admission);
  await bank.proposeRoles('court', ['gate']);
  await tax.proposeKeys('court', keys);
  await tax.proposeSuspension('court');
  const proposals = await bank.proposals();
  assert.deepEqual(
    proposals.map(({ id, org, proposer, change }) => [id, org, proposer, change]),
    [
      [1, 'bank-2', 'bank', { kind: 'admit', admission }],
      [2, 'court', 'bank', { kind: 'set-roles', roles: ['gate'] }],
      [3, 'court', 'tax', { kind: 'set-keys', keys }],
      [4, 'court', 'tax', { kind: 'suspend' }],
    ],
  );
  await bank.vote(4, false);
  assert.deepEqual(await bank.tally(4), { votesFor: 1, votesAgainst: 1 });
  assert.deepEqual(await bank.tally(9), { votesFor: 0, votesAgainst: 0 });
  assert.equal((await bank.proposals())[3]?.state, 'open');
});

test('settling says what became of a proposal, whoever settled it', async (t) => {
  const ledger = await startConsortium(t);
  await ledger.client('founder').closeFounding();
  const [bank, tax] = [ledger.client('bank'), ledger.client('tax')];
  const { proposalId } = await bank.proposeRoles('court', ['gate']);
  await assert.rejects(tax.settle(proposalId), isRefused('ConsortiumUndecided'));
  await ledger.rpc.request('evm_increaseTime', [31 * 86_400]);
  assert.equal((await tax.settle(proposalId)).already, false);
  assert.equal((await bank.settle(proposalId)).already, true);
  assert.equal((await bank.proposal(proposalId))?.state, 'lapsed');
  await assert.rejects(tax.vote(proposalId, true), isRefused('ConsortiumProposalClosed'));
});

test('who may not write is told so before anything is sent', async (t) => {
  const ledger = await startLedger(t);
  const reader = ledger.client(null);
  for (const call of [
    () => reader.suspendRequest(digest('1'), digest('2')),
    () => reader.certifyModel({ modelDigest: digest('1'), requester: 'bank', certificateHash: digest('2') }),
    () => reader.commitConsent({ size: 1, root: digest('1') }),
    () => reader.commitBeacon(digest('1')),
    () => reader.revokePreviousKeys(),
  ]) {
    await assert.rejects(call, (cause) => isProtocolError(cause, 'CHAIN_NO_ACCOUNT'));
  }
});
