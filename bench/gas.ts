/**
 * What the contracts cost: gas of each call in the life of one request over three departments, a registrar and two gates,
 * and how many transactions a second the embedded chain takes from one client.
 */
import { createHash } from 'node:crypto';
import { encodeCall } from '@sealedger/protocol/ledger/abi.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Role } from '@sealedger/protocol/ledger/codec.ts';
import { contracts } from '@sealedger/protocol/ledger/contracts.generated.ts';
import { contractNames, type Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { bytesToRpc, fromAccount } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { RequestTerms } from '@sealedger/protocol/ledger/records.ts';
import { inclusionProof, leafHash, merkleRoot } from '@sealedger/protocol/merkle.ts';
import { computeAddress, SigningKey } from 'ethers';
import { startEngine } from '../deploy/chain-engine.ts';
import { systemClock } from '../deploy/clock.ts';
import { deployContracts } from '../deploy/contracts.ts';
import type { BenchRow } from './bench-row.ts';

const GENESIS_SECONDS = 1_800_000_000;
const WRITES = 200;
const digest = (digit: string) => digit.repeat(64);

const organisations: Readonly<Record<string, readonly Role[]>> = {
  bank: ['bank'],
  tax: ['department'],
  court: ['department'],
  labour: ['department'],
  bureau: ['registrar', 'gate'],
  meter: ['gate'],
};
const orgIds = Object.keys(organisations);
const keyOf = (org: string) => (orgIds.indexOf(org) + 1).toString(16).padStart(2, '0').repeat(32);

type Setting = {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly client: (org: string) => LedgerClient;
  readonly rows: BenchRow[];
};

/** Runs every measurement; about 3 s. */
export async function run(): Promise<BenchRow[]> {
  const { rpc, close } = await startEngine(20221, GENESIS_SECONDS);
  try {
    const founderKeyHex = '0f'.repeat(32);
    const deployment = await deployContracts({ rpc, founderKeyHex, clock: systemClock, validators: [] });
    const connect = (privateKeyHex: string) =>
      createLedgerClient({ rpc, deployment, account: { privateKeyHex }, clock: systemClock });
    const clients = new Map(orgIds.map((org) => [org, connect(keyOf(org))]));
    const setting = { rpc, deployment, client: (org: string) => clients.get(org)!, rows: [] as BenchRow[] };
    await measureCreation(setting);
    await measureFounding(setting, connect(founderKeyHex));
    await measureRequest(setting);
    await measureEvidence(setting);
    await measureAttestations(setting);
    await measureRate(setting);
    return setting.rows;
  } finally {
    await close();
  }
}

/** Adds the gas of a transaction as a row. */
async function gas(
  { rpc, rows }: Setting,
  what: string,
  write: Promise<{ readonly transactionHash: string }>,
): Promise<void> {
  const { transactionHash } = await write;
  const receipt = await rpc.request('eth_getTransactionReceipt', [`0x${transactionHash}`]);
  rows.push(row(what, Number((receipt as { gasUsed: string }).gasUsed), 'gas'));
}

function row(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, against: null, ratio: null };
}

async function measureCreation({ rpc, rows }: Setting): Promise<void> {
  for (const [i, name] of contractNames.entries()) {
    const block = await rpc.request('eth_getBlockByNumber', [`0x${(i + 1).toString(16)}`, false]);
    rows.push(
      row(
        `create ${name} (${contracts[name].bytecode.length / 2 - 1} bytes)`,
        Number((block as { gasUsed: string }).gasUsed),
        'gas',
      ),
    );
  }
}

async function measureFounding(setting: Setting, founder: LedgerClient): Promise<void> {
  for (const [i, org] of orgIds.entries()) {
    const account = fromAccount(computeAddress(new SigningKey(`0x${keyOf(org)}`).publicKey));
    const keys = { account, ed25519Key: `${digest('a').slice(1)}${i}`, x25519Key: digest('b') };
    const write = founder.admit({ id: org, roles: organisations[org]!, endpoint: `https://${org}.example`, ...keys });
    if (i === 1) await gas(setting, 'admit an organisation', write);
    else await write;
  }
  await gas(setting, 'close the founding', founder.closeFounding());
  const proposal = setting.client('bank').proposeRoles('meter', ['gate', 'regulator']);
  await gas(setting, 'propose', proposal);
  const { proposalId } = await proposal;
  await gas(setting, 'vote', setting.client('tax').vote(proposalId, true));
  await setting.client('court').vote(proposalId, true);
  await gas(setting, 'vote that carries', setting.client('labour').vote(proposalId, true));
}

async function measureRequest(setting: Setting): Promise<void> {
  const { client } = setting;
  const hashes = { metadataHash: digest('a'), commitment: digest('b') };
  const publish = (org: string) => client(org).publishDatasetVersion({ name: 'data', version: 1, level: 3, ...hashes });
  const datasetVersions: string[] = [];
  for (const org of ['tax', 'court', 'labour']) datasetVersions.push((await publish(org)).id);
  const register = publish('bureau');
  await gas(setting, 'publish a dataset version', register);
  await measureQuality(setting, datasetVersions);
  const id = digest('1');
  const terms = {
    requestDigest: id,
    purpose: 'credit',
    modelDigest: digest('2'),
    datasetVersions,
    registerVersion: (await register).id,
    gates: ['bureau', 'meter'],
    quota: 1_000,
    expiresAtSeconds: GENESIS_SECONDS + 1_000_000,
    singleDepartment: false,
    qualityFloor: 9_000,
    previous: null,
  };
  await gas(setting, 'submit (3 datasets, 2 gates)', client('bank').submitRequest(terms));
  const decision = { approved: true, reasonHash: digest('3'), grantHash: digest('4') };
  for (const org of ['tax', 'court', 'labour']) await client(org).decide(id, decision);
  await gas(setting, 'decide', client('bureau').decide(id, decision));
  await gas(setting, 'publish a gate key', client('bureau').publishGateKey(id, digest('5')));
  await gas(setting, 'publish the last gate key', client('meter').publishGateKey(id, digest('6')));
  await gas(setting, 'open an attempt (3 scores against a floor)', client('bank').openAttempt(id));
  await gas(setting, 'record unlocks, first', client('meter').recordUnlocks(id, 10));
  await gas(setting, 'record unlocks, later', client('meter').recordUnlocks(id, 20));
  const batch = { requestId: id, commitment: digest('7'), count: 10 };
  await gas(setting, 'commit results, first batch', client('bank').commitResult({ ...batch, batch: 1 }));
  await gas(setting, 'commit results, later batch', client('bank').commitResult({ ...batch, batch: 2 }));
  await gas(setting, 'suspend a request, first', client('tax').suspendRequest(id, digest('8')));
  await gas(setting, 'suspend a request, second', client('court').suspendRequest(id, digest('8')));
  await gas(setting, 'resume a request, one stands', client('tax').resumeRequest(id));
  await gas(setting, 'resume a request, last', client('court').resumeRequest(id));
  await measureAmendment(setting, { ...terms, requestDigest: digest('f'), previous: id });
  await gas(setting, 'complete', client('bank').completeRequest(digest('f')));
}

async function measureAmendment(setting: Setting, terms: RequestTerms): Promise<void> {
  const { client } = setting;
  const id = terms.requestDigest;
  await gas(setting, 'submit an amendment', client('bank').submitRequest(terms));
  const decision = { approved: true, reasonHash: digest('3'), grantHash: digest('4') };
  for (const org of ['tax', 'court', 'labour', 'bureau']) await client(org).decide(id, decision);
  await client('bureau').publishGateKey(id, digest('5'));
  await gas(setting, 'last gate key, and the request before ends', client('meter').publishGateKey(id, digest('6')));
}

/** By the member that the others made a regulator. */
async function measureAttestations(setting: Setting): Promise<void> {
  const { client, rpc } = setting;
  const certification = { modelDigest: digest('2'), requester: 'bank', certificateHash: digest('3') };
  await gas(setting, 'certify a model', client('meter').certifyModel(certification));
  await gas(setting, 'withdraw a certificate', client('meter').withdrawCertificate(digest('2')));
  await gas(setting, 'commit a consent log, first', client('bank').commitConsent({ size: 10, root: digest('4') }));
  await gas(setting, 'commit a consent log, later', client('bank').commitConsent({ size: 20, root: digest('5') }));
  const secret = digest('6');
  const commitment = createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex');
  await gas(setting, 'commit to a beacon', client('meter').commitBeacon(commitment));
  await rpc.request('evm_mine', []);
  await gas(setting, 'reveal a beacon', client('meter').revealBeacon(1, secret));
  const { account } = (await client('tax').organisation('tax'))!;
  const keys = { account, ed25519Key: digest('7'), x25519Key: digest('8') };
  await gas(setting, 'rotate keys with an overlap', client('tax').rotateKeys(keys, 3600));
  await gas(setting, 'revoke the keys before', client('tax').revokePreviousKeys());
}

async function measureQuality(setting: Setting, versions: readonly string[]): Promise<void> {
  const record = (i: number, report: string) => {
    const measurement = { ruleSetHash: digest('c'), scoreBasisPoints: 9_500, reportHash: digest(report) };
    return setting.client(['tax', 'court', 'labour'][i]!).recordQuality({ id: versions[i]!, ...measurement });
  };
  await gas(setting, 'record a quality score, first', record(0, 'd'));
  await gas(setting, 'record a quality score, later', record(0, 'e'));
  await record(1, 'd');
  await record(2, 'd');
}

async function measureEvidence(setting: Setting): Promise<void> {
  const tax = setting.client('tax');
  await gas(setting, 'anchor a checkpoint, first', tax.anchor(1, digest('8')));
  await gas(setting, 'anchor a checkpoint, later', tax.anchor(1_000, digest('9')));
  const leaves = Array.from({ length: 1 << 12 }, (_, i) => leafHash(Uint8Array.of(i & 255, i >> 8)));
  const [index, size] = [1_234, leaves.length];
  const proof = inclusionProof(leaves, index).map(bytesToRpc);
  const args = [bytesToRpc(leaves[index]!), index, size, proof, bytesToRpc(merkleRoot(leaves))];
  const call = {
    to: `0x${setting.deployment.contracts.evidence}`,
    data: encodeCall('evidence', 'verifyInclusion', args),
  };
  const estimate = Number(await setting.rpc.request('eth_estimateGas', [call]));
  setting.rows.push(row(`verify inclusion, ${proof.length} hashes (a call, with its 21,000)`, estimate, 'gas'));
}

/** Writes of one client all at once: estimate, sign, send, receipt. */
async function measureRate({ client, rows }: Setting): Promise<void> {
  const tax = client('tax');
  const hashes = { metadataHash: digest('a'), commitment: digest('b') };
  const startedAt = performance.now();
  const writes = Array.from({ length: WRITES }, (_, i) =>
    tax.publishDatasetVersion({ name: `rate-${i}`, version: 1, level: 1, ...hashes }),
  );
  await Promise.all(writes);
  const seconds = (performance.now() - startedAt) / 1000;
  rows.push(row('writes of one client, engine in this process', Math.round(WRITES / seconds), 'transactions/s'));
}
