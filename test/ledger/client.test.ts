import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { encodeCall } from '@sealedger/protocol/ledger/abi.ts';
import { readEvents } from '@sealedger/protocol/ledger/events.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createSender } from '@sealedger/protocol/ledger/transactions.ts';
import { admitOrganisations } from '../../deploy/admit.ts';
import { admissionOf, keys, publishAndPrepare, startConsortium, startLedger, switchable } from './chains.ts';

const digest = (digit: string) => digit.repeat(64);

function coded(code: Parameters<typeof isProtocolError>[1], details: Readonly<Record<string, unknown>> = {}) {
  return (cause: unknown) => {
    assert.ok(isProtocolError(cause, code), `${String(code)} expected: ${String(cause)}`);
    for (const [name, value] of Object.entries(details)) assert.equal(cause.details[name], value);
    return true;
  };
}

test('a request goes its whole way and is read back in one call', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  const [bank, tax, court, bureau] = (['bank', 'tax', 'court', 'bureau'] as const).map((org) => ledger.client(org));
  const id = terms.requestDigest;
  await bank!.submitRequest(terms);
  const decision = { approved: true, reasonHash: digest('3'), grantHash: digest('4') };
  for (const decider of [tax, court, bureau]) await decider!.decide(id, decision);
  await bureau!.publishGateKey(id, digest('5'));
  await court!.publishGateKey(id, digest('6'));
  assert.equal((await bank!.openAttempt(id)).attempt, 1);
  await court!.recordUnlocks(id, 4);
  await bank!.commitResult({ requestId: id, batch: 1, commitment: digest('7'), count: 4 });

  const request = await tax!.request(id);
  assert.ok(request !== null);
  const { submittedAtSeconds, activatedAtSeconds, deciders, ...rest } = request;
  assert.ok(submittedAtSeconds >= 1_800_000_000 && (activatedAtSeconds ?? 0) >= submittedAtSeconds);
  assert.deepEqual(rest, {
    id,
    requester: 'bank',
    state: 'active',
    attempt: 1,
    terms,
    participants: ['tax', 'court', 'bureau'],
    departments: ['tax', 'court'],
    gates: [
      { org: 'bureau', poprfPublicKey: digest('5'), unlocks: 0 },
      { org: 'court', poprfPublicKey: digest('6'), unlocks: 4 },
    ],
    suspenders: [],
  });
  assert.deepEqual(
    deciders.map(({ org, decision: made }) => [org, made?.verdict, made?.grantHash]),
    ['tax', 'court', 'bureau'].map((org) => [org, 'approved', digest('4')]),
  );
  assert.deepEqual(await tax!.resultsOf(id, 'bank'), { batches: 1, count: 4 });
  assert.equal(await tax!.resultCommitment(id, 'bank', 1), digest('7'));
  await bank!.completeRequest(id);
  assert.equal((await tax!.request(id))?.state, 'completed');
});

test('what the ledger does not have is null', async (t) => {
  const { client } = await startConsortium(t);
  const reader = client(null);
  assert.equal(await reader.organisation('nobody'), null);
  assert.equal(await reader.organisationOfAccount('ff'.repeat(20)), null);
  assert.equal(await reader.request(digest('9')), null);
  assert.equal(await reader.datasetVersion(digest('9')), null);
  assert.equal(await reader.latestDatasetVersion('tax', 'income'), 0);
  assert.equal(await reader.latestCheckpoint('tax'), null);
  assert.equal(await reader.rootAt('tax', 1), null);
  assert.equal(await reader.resultCommitment(digest('9'), 'tax', 1), null);
  assert.equal(await reader.proposal(1), null);
  assert.equal(await reader.voteOf(1, 'tax'), null);
  assert.notEqual(await reader.founder(), null);
  await client('founder').closeFounding();
  assert.equal(await reader.founder(), null);
});

test('50 writes at once from one client all arrive, each once', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const tax = client('tax');
  const before = await tax.blockNumber();
  const publications = Array.from({ length: 50 }, (_, i) =>
    tax.publishDatasetVersion({
      name: `dataset-${i}`,
      version: 1,
      metadataHash: digest('a'),
      commitment: digest('b'),
      level: 1,
    }),
  );
  const outcomes = await Promise.all(publications);
  assert.equal(new Set(outcomes.map(({ transactionHash }) => transactionHash)).size, 50);
  assert.ok(outcomes.every(({ already }) => !already));
  assert.equal(await tax.blockNumber(), before + 50);
  assert.equal(Number(await rpc.request('eth_getTransactionCount', [`0x${tax.account}`, 'latest'])), 50);
});

test('a refused write among many leaves the others their place', async (t) => {
  const { client } = await startConsortium(t);
  const tax = client('tax');
  const publication = { version: 1, metadataHash: digest('a'), commitment: digest('b') };
  const writes = Array.from({ length: 12 }, (_, i) =>
    tax.publishDatasetVersion({ ...publication, name: `d-${i}`, level: 1, version: i % 3 === 0 ? 2 : 1 }),
  );
  const results = await Promise.allSettled(writes);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 8);
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    coded('CHAIN_REFUSED', { contract: 'catalogue', error: 'CatalogueVersionOutOfOrder', args: 'expected=1, given=2' })(
      result.reason,
    );
  }
});

test('two clients of one account agree on the nonce in the end', async (t) => {
  const { client } = await startConsortium(t);
  const [one, two] = [client('tax'), client('tax')];
  for (let size = 1; size <= 6; size += 2) {
    await one.anchor(size, digest('c'));
    await two.anchor(size + 1, digest('d'));
  }
  assert.deepEqual(await one.latestCheckpoint('tax'), { size: 6, root: digest('d') });
});

test('a refusal names contract, error and arguments', async (t) => {
  const { client } = await startConsortium(t);
  await client('tax').anchor(5, digest('c'));
  const expected = { contract: 'evidence', call: 'anchor', error: 'EvidenceSizeNotGrowing' };
  const refusal = coded('CHAIN_REFUSED', { ...expected, args: 'org=tax, latest=5, given=4' });
  await assert.rejects(client('tax').anchor(4, digest('c')), refusal);
  await assert.rejects(
    client('bank').publishDatasetVersion({
      name: 'own',
      version: 1,
      metadataHash: digest('a'),
      commitment: digest('b'),
      level: 1,
    }),
    coded('CHAIN_REFUSED', { contract: 'catalogue', error: 'CatalogueRoleMissing', args: 'org=bank' }),
  );
  await assert.rejects(
    client('founder').anchor(1, digest('c')),
    coded('CHAIN_REFUSED', { error: 'ConsortiumUnknownAccount' }),
  );
});

test('a transaction that is overtaken and fails in its block is explained too', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const tax = client('tax');
  const overtaken = {
    async request(method: string, params: readonly unknown[]) {
      const answer = await rpc.request(method, params);
      // another writer of the same account gets in between estimate and sending
      if (method === 'eth_estimateGas') await tax.anchor(8, digest('e'));
      return answer;
    },
  };
  await assert.rejects(
    client('tax', { rpc: overtaken }).anchor(7, digest('c')),
    coded('CHAIN_REFUSED', { error: 'EvidenceSizeNotGrowing', args: 'org=tax, latest=8, given=7' }),
  );
});

test('every write that is sent again reports the transaction that did it', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  const [bank, tax, court, bureau] = (['bank', 'tax', 'court', 'bureau'] as const).map((org) => ledger.client(org));
  const founder = ledger.client('founder');
  const id = terms.requestDigest;
  const decision = { approved: true, reasonHash: digest('3'), grantHash: digest('4') };
  const rotated = { ...admissionOf('bank'), x25519Key: digest('9') };
  const publication = { name: 'income', version: 1, metadataHash: digest('a'), commitment: digest('b'), level: 3 };
  const spare = { ...terms, requestDigest: digest('8') };
  const steps = [
    () => founder.closeFounding(),
    () => bank!.setEndpoint('http://bank'),
    () => bank!.rotateKeys(rotated, 0),
    () => bank!.submitRequest(terms),
    () => tax!.decide(id, decision),
    () => court!.decide(id, decision),
    () => bureau!.decide(id, decision),
    () => bureau!.publishGateKey(id, digest('5')),
    () => court!.publishGateKey(id, digest('6')),
    () => bank!.openAttempt(id, 1),
    () => court!.recordUnlocks(id, 4),
    () => bank!.commitResult({ requestId: id, batch: 1, commitment: digest('7'), count: 4 }),
    () => tax!.anchor(3, digest('c')),
    () => bank!.completeRequest(id),
    () => bank!.submitRequest(spare),
    () => tax!.revokeRequest(digest('8'), digest('3')),
    () => bank!.proposeRoles('tax', ['department', 'gate']),
    () => court!.vote(1, false),
  ];
  for (const [i, step] of steps.entries()) {
    const first = await step();
    const second = await step();
    assert.deepEqual([first.already, second.already], [false, true], `step ${i}`);
    assert.deepEqual({ ...second, already: false }, first, `step ${i}`);
  }
  assert.equal((await tax!.publishDatasetVersion(publication)).already, true);
  const admitted = await founder.admit({ ...admissionOf('tax') });
  assert.equal(admitted.already, true);
});

test('the same place with other content is refused, not taken for done', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  const [bank, tax] = [ledger.client('bank'), ledger.client('tax')];
  const id = terms.requestDigest;
  await bank.submitRequest(terms);
  await tax.decide(id, { approved: true, reasonHash: digest('3'), grantHash: digest('4') });
  await tax.anchor(3, digest('c'));
  const refused = coded('CHAIN_REFUSED');
  await assert.rejects(bank.submitRequest({ ...terms, quota: 11 }), refused);
  await assert.rejects(tax.decide(id, { approved: true, reasonHash: digest('3'), grantHash: digest('5') }), refused);
  await assert.rejects(tax.decide(id, { approved: false, reasonHash: digest('3'), grantHash: null }), refused);
  await assert.rejects(tax.anchor(3, digest('d')), refused);
  await assert.rejects(ledger.client('founder').admit({ ...admissionOf('tax'), x25519Key: digest('9') }), refused);
});

test('an answer that was lost on the way is found when the write is sent again', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const { state, rpc: lossy } = switchable(rpc);
  const tax = client('tax', { rpc: lossy });
  state.loseAnswersOf = 'eth_sendRawTransaction';
  await assert.rejects(tax.anchor(3, digest('c')), coded('CHAIN_UNREACHABLE', { method: 'eth_sendRawTransaction' }));
  state.loseAnswersOf = '';
  const again = await tax.anchor(3, digest('c'));
  assert.equal(again.already, true);
  assert.equal((await tax.anchor(4, digest('d'))).already, false);
});

test('a chain other than the one of the deployment file is refused before anything is asked of it', async (t) => {
  const { client, deployment } = await startConsortium(t);
  const cases = [
    [{ ...deployment, chainId: 1 }, 'chain id'],
    [{ ...deployment, genesisHash: digest('0') }, 'genesis hash'],
    [{ ...deployment, codeHashes: { ...deployment.codeHashes, requests: digest('0') } }, 'code hash of requests'],
    [
      { ...deployment, contracts: { ...deployment.contracts, evidence: deployment.contracts.requests } },
      'code hash of evidence',
    ],
  ] as const;
  for (const [other, what] of cases) {
    const stranger = client('tax', { deployment: other });
    await assert.rejects(stranger.organisation('tax'), coded('CHAIN_MISMATCH', { what }));
    await assert.rejects(stranger.verify(), coded('CHAIN_MISMATCH', { what }));
    await assert.rejects(stranger.completeRequest(digest('c')), coded('CHAIN_MISMATCH', { what }));
  }
});

test('the chain is verified once, also by calls at the same time', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const { state, rpc: counted } = switchable(rpc);
  const reader = client(null, { rpc: counted });
  await Promise.all([reader.organisations(), reader.organisation('tax'), reader.blockNumber()]);
  assert.equal(state.calls.filter((method) => method === 'eth_chainId').length, 1);
});

test('a client without an account reads and does not write', async (t) => {
  const { client } = await startConsortium(t);
  const reader = client(null);
  assert.equal(reader.account, null);
  assert.equal((await reader.organisation('tax'))?.status, 'active');
  await assert.rejects(reader.completeRequest(digest('1')), coded('CHAIN_NO_ACCOUNT', { call: 'complete' }));
  await assert.rejects(reader.anchor(1, digest('1')), coded('CHAIN_NO_ACCOUNT'));
});

test('a request whose time is over reads as expired on a chain that stands still', async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  await ledger.client('bank').submitRequest(terms);
  const at = (nowMs: number) => ({ clock: { now: () => nowMs, sleep: async () => undefined } });
  const expiryMs = terms.expiresAtSeconds * 1000;
  const states = [expiryMs - 1, expiryMs].map((now) => ledger.client(null, at(now)).request(terms.requestDigest));
  assert.deepEqual(
    (await Promise.all(states)).map((request) => request?.state),
    ['submitted', 'expired'],
  );
});

test("a member's odd purpose or dataset name does not stop others from reading", async (t) => {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  const odd = `0x${digest('f')}`;
  const clock = { now: () => 0, sleep: async () => undefined };
  const data = encodeCall('catalogue', 'publish', [odd, 1, odd, odd, 1]);
  const to = `0x${ledger.deployment.contracts.catalogue}`;
  await createSender(ledger.rpc, 20221, keys.tax, clock).send('publish', to, data);
  const events = await readEvents(ledger.rpc, ledger.deployment, { fromBlock: 0, toBlock: 'latest' }, ['catalogue']);
  assert.deepEqual(
    events.map((event) => event.name === 'DatasetVersionPublished' && event.args.name),
    ['income', 'cases', 'register', odd],
  );
  assert.equal(terms.purpose, 'credit-risk');
});

test('bad input is refused before anything is sent', async (t) => {
  const { client } = await startLedger(t);
  const tax = client('tax');
  await assert.rejects(tax.organisation('Not An Id'), coded('CHAIN_LABEL_INVALID'));
  await assert.rejects(tax.request('0x12'), coded('MALFORMED_HEX'));
  await assert.rejects(tax.anchor(0, digest('1')), coded('CHAIN_NUMBER_INVALID'));
  await assert.rejects(tax.anchor(1.5, digest('1')), coded('CHAIN_NUMBER_INVALID'));
  await assert.rejects(tax.openAttempt(digest('1'), 0), coded('CHAIN_NUMBER_INVALID'));
});

test('a key that is none is refused, and the refusal does not repeat it', async (t) => {
  const { client } = await startLedger(t);
  for (const privateKeyHex of [digest('0'), digest('f'), 'ab', `0x${digest('1')}`]) {
    assert.throws(
      () => client('tax', { account: { privateKeyHex } }),
      (cause) => coded('CHAIN_KEY_INVALID')(cause) && !inspect(cause, { depth: 9 }).includes(privateKeyHex),
    );
  }
});

test('the founding can be run again, and refuses an organisation under other keys or roles', async (t) => {
  const { client } = await startLedger(t);
  const founder = client('founder');
  const [tax, court] = [admissionOf('tax'), admissionOf('court')];
  assert.deepEqual(await admitOrganisations(founder, [tax]), { admitted: ['tax'], present: [] });
  assert.deepEqual(await admitOrganisations(founder, [tax, court]), { admitted: ['court'], present: ['tax'] });
  await client('tax').setEndpoint('http://moved');
  assert.deepEqual(await admitOrganisations(founder, [tax]), { admitted: [], present: ['tax'] });
  const otherKey = { ...tax, ed25519Key: digest('9') };
  const code = 'CHAIN_ADMITTED_DIFFERENTLY';
  await assert.rejects(admitOrganisations(founder, [otherKey]), coded(code, { org: 'tax', field: 'ed25519Key' }));
  const otherRoles = { ...tax, roles: ['bank'] as const };
  await assert.rejects(admitOrganisations(founder, [otherRoles]), coded(code, { org: 'tax', field: 'roles' }));
});

test('answers that are none are told from a chain that is away', async () => {
  const answering = (status: number, text: string) =>
    createJsonRpc('http://chain', async () => ({ ok: status < 300, status, text: async () => text }));
  const ask = (status: number, text: string) => answering(status, text).request('eth_chainId', []);
  assert.equal(await ask(200, '{"jsonrpc":"2.0","id":1,"result":"0x1"}'), '0x1');
  assert.equal(await ask(200, '{"jsonrpc":"2.0","id":1,"result":null}'), null);
  await assert.rejects(ask(200, '<html>'), coded('CHAIN_REPLY_MALFORMED'));
  await assert.rejects(ask(200, '[]'), coded('CHAIN_REPLY_MALFORMED'));
  await assert.rejects(ask(200, '{}'), coded('CHAIN_REPLY_MALFORMED'));
  await assert.rejects(ask(503, 'upstream is down'), coded('CHAIN_UNREACHABLE'));
  const error = '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}';
  await assert.rejects(ask(200, error), coded('CHAIN_RPC_ERROR', { rpcCode: -32000, reason: 'no' }));
  const hanging = createJsonRpc(
    'http://chain',
    (_url, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { timeoutMs: 10 },
  );
  // the signal's own timer keeps no process alive
  const alive = setTimeout(() => undefined, 5_000);
  await assert.rejects(hanging.request('eth_chainId', []), coded('CHAIN_UNREACHABLE'));
  clearTimeout(alive);
});
