/** The embedded chain and the contracts themselves, where the other tests have a chain on paper. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Anchorer } from '@sealedger/node/evidence/anchor.ts';
import { ledgerAnchorChain } from '@sealedger/node/evidence/anchor-chain.ts';
import { exportBundle } from '@sealedger/node/evidence/export.ts';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import { encodeHeader, proveReceipt, readHeader, readProvenLogs } from '@sealedger/protocol/evidence/receipt-proof.ts';
import { trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Role } from '@sealedger/protocol/ledger/codec.ts';
import { fromAccount } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { computeAddress, SigningKey } from 'ethers';
import { deployContracts } from '../../deploy/contracts.ts';
import { openEmbeddedChain } from '../../deploy/embedded-chain.ts';
import { openLog, startMs, temporaryDirectory, testSigner } from './support/log-fixture.ts';

const clock = { now: () => Date.now(), sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) };
const hex = (digit: string): string => digit.repeat(64);
const members: Readonly<Record<string, readonly Role[]>> = {
  bank: ['bank'],
  social: ['department'],
  tax: ['department'],
  bureau: ['registrar', 'gate'],
};
const nodes = ['bureau', 'social', 'tax'];
const accountKey = (name: string): string => (Object.keys(members).indexOf(name) + 1).toString(16).repeat(64);

async function realChain(t: TestContext) {
  const directory = await temporaryDirectory();
  const chain = await openEmbeddedChain({ dataDir: directory.path, now: Date.now, notice: () => undefined });
  const { rpc, founderKeyHex, validator } = chain;
  t.after(async () => {
    await chain.close();
    await directory.remove();
  });
  const deployment = await deployContracts({ rpc, founderKeyHex, clock, validators: [validator] });
  const connect = (privateKeyHex: string): LedgerClient =>
    createLedgerClient({ rpc, deployment, clock, pollMs: 5, account: { privateKeyHex } });
  const founder = connect(founderKeyHex);
  for (const [id, roles] of Object.entries(members)) {
    const account = fromAccount(computeAddress(new SigningKey(`0x${accountKey(id)}`).publicKey));
    const ed25519Key = toHex(testSigner(id).publicKey);
    await founder.admit({ id, roles, endpoint: '', account, ed25519Key, x25519Key: hex('b') });
  }
  await founder.closeFounding();
  return { rpc, deployment, client: (name: string) => connect(accountKey(name)) };
}

async function proveEveryReceipt(rpc: Rpc): Promise<number> {
  const head = Number(await rpc.request('eth_blockNumber', []));
  let proven = 0;
  for (let number = 1; number <= head; number++) {
    const block = (await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])) as {
      hash: string;
      transactions: string[];
    };
    const header = encodeHeader(block);
    assert.equal(`0x${readHeader(header).hash}`, block.hash);
    const ask = (hash: string) => rpc.request('eth_getTransactionReceipt', [hash]);
    const receipts = (await Promise.all(block.transactions.map(ask))) as {
      logs: { address: string; data: string }[];
    }[];
    for (const [index, receipt] of receipts.entries()) {
      const logs = readProvenLogs(readHeader(header).receiptsRoot, index, proveReceipt(header, receipts, index));
      assert.deepEqual(
        logs.map(({ address, data }) => [address, data]),
        receipt.logs.map(({ address, data }) => [address, data]),
      );
      proven += 1;
    }
    assert.throws(
      () => encodeHeader({ ...block, gasUsed: '0x1' }),
      (error) => isProtocolError(error, 'BLOCK_HEADER_MISMATCH'),
    );
  }
  return proven;
}

test('a request over the real contracts: every block proves its receipts, and the bundle of three nodes holds', async (t) => {
  const { rpc, deployment, client } = await realChain(t);
  const hashes = { metadataHash: hex('2'), commitment: hex('3') };
  const versions = new Map<string, string>();
  for (const name of nodes) {
    const { id } = await client(name).publishDatasetVersion({ name: 'people', version: 1, level: 3, ...hashes });
    versions.set(name, id);
  }
  const requestId = hex('a');
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  const datasets = [versions.get('social')!, versions.get('tax')!];
  const terms = { purpose: 'credit', modelDigest: hex('1'), quota: 10 };
  await client('bank').submitRequest({
    ...terms,
    requestDigest: requestId,
    datasetVersions: datasets,
    registerVersion: versions.get('bureau')!,
    gates: ['bureau'],
    expiresAtSeconds: expiresAt,
    singleDepartment: false,
    qualityFloor: 0,
    previous: null,
  });
  const parts: { readonly name: string; readonly log: EvidenceLog<BatchOp> }[] = [];
  for (const name of nodes) {
    const directory = await temporaryDirectory();
    const { log, database } = await openLog(directory.path, name);
    t.after(async () => {
      await database.close();
      await directory.remove();
    });
    const decision = { requestId, decider: name, approved: true, reason: 'policy.auto', grantHash: hex('4') };
    const fields = { name: 'people', version: 1, level: 3, rows: 100, ...hashes };
    await log.append([
      { kind: 'version', key: name, fields: { datasetId: versions.get(name)!, ...fields } },
      { kind: 'request', key: requestId, fields: { requestId, requester: 'bank', datasets, expiresAt, ...terms } },
      { kind: 'decision', key: requestId, fields: decision },
    ]);
    await client(name).decide(requestId, { approved: true, reasonHash: hex('5'), grantHash: hex('4') });
    const chain = ledgerAnchorChain(client(name), rpc, name);
    const noted: number[] = [];
    const onAnchored = (size: number): void => void noted.push(size);
    assert.equal(await new Anchorer({ log, chain, clock: { now: () => startMs }, onAnchored }).flush(), true);
    // Another process of the same node, which does not know of the anchor, finds it on the chain.
    assert.equal(await new Anchorer({ log, chain, clock: { now: () => startMs }, onAnchored }).flush(), true);
    assert.deepEqual(noted, [3, 3]);
    parts.push({ name, log });
  }
  await client('bureau').publishGateKey(requestId, hex('6'));
  await client('bank').openAttempt(requestId);

  assert.ok((await proveEveryReceipt(rpc)) > 15);
  const verified = async () => {
    const subject = { kind: 'request', requestId } as const;
    const exported = parts.map(({ name, log }) =>
      exportBundle({ log, signer: testSigner(name), rpc, deployment }, subject),
    );
    return verifyBundleText(bundleText(mergeBundles(await Promise.all(exported))), trustOfDeployment(deployment));
  };
  const before = await verified();
  assert.deepEqual([before.verdict, before.phase], ['holds', 'active']);
  await client('bureau').recordUnlocks(requestId, 1);
  const { verdict, claims } = await verified();
  assert.equal(verdict, 'fails');
  const failures = claims.filter(({ status }) => status === 'fails').map(({ code, why }) => [code, why]);
  assert.deepEqual(failures, [['UNLOCKS_METERED', 'WHY_UNLOCKS_UNLOGGED']]);
});
