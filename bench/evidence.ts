/**
 * What evidence costs: durable events a second, one at a time and together, against Level's own synced puts in the same
 * run; proofs and their sizes; verification of a bundle of one request.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { DEFAULT_ANCHOR_LIMITS } from '@sealedger/node/evidence/anchor.ts';
import { checkLog } from '@sealedger/node/evidence/fsck.ts';
import { type BatchOp, levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import type { EventDraft } from '@sealedger/node/evidence/log-entry.ts';
import { eventSigner } from '@sealedger/node/evidence/signer.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { createLedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { computeAddress } from 'ethers';
import { Level } from 'level';
import { startEngine } from '../deploy/chain-engine.ts';
import { systemClock } from '../deploy/clock.ts';
import { deployContracts } from '../deploy/contracts.ts';
import { batchSubject, requestSubject, tellStory } from '../test/evidence/support/request-story.ts';
import type { BenchRow } from './bench-row.ts';

const CHAIN_ID = 20221;
const GENESIS_SECONDS = 1_800_000_000;
const EVENTS = 20_000;
const WARM_UP = 4_000;
const ALONE = 1_000;
const PROOFS = 500;
const CALLERS = 256;
const VERIFICATIONS = 10;
const seed = new Uint8Array(randomBytes(32));
const publicKey = nativeEd25519.publicKey(seed);

type Setting = {
  readonly database: Level<string, string>;
  readonly log: EvidenceLog<BatchOp>;
  readonly rows: BenchRow[];
};

/** Runs every measurement; about 15 s. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sealedger-bench-'));
  const database = new Level<string, string>(directory);
  await database.open();
  try {
    const log = await EvidenceLog.open({
      store: levelEvidenceStore(database),
      signer: eventSigner('tax', 1, seed),
      clock: { now: () => Date.now() },
      secret: randomBytes(32),
    });
    const setting: Setting = { database, log, rows: [] };
    await measureAppends(setting);
    await measureProofs(setting);
    await measureFsck(setting);
    await measureSizes(setting);
    await measureAnchors(setting);
    await measureBundles(setting);
    return setting.rows;
  } finally {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function row(
  what: string,
  value: number,
  unit: string,
  against: string | null = null,
  ratio: number | null = null,
): BenchRow {
  return {
    what,
    value: Math.round(value * 10) / 10,
    unit,
    against,
    ratio: ratio === null ? null : Math.round(ratio * 100) / 100,
  };
}

async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (1000 * count) / (performance.now() - startedAt);
}

async function measureAppends({ database, log, rows }: Setting): Promise<void> {
  await appendTogether(log, 0, WARM_UP);
  const cpuBefore = process.cpuUsage();
  const together = await perSecond(EVENTS, () => appendTogether(log, WARM_UP, EVENTS));
  const cpu = process.cpuUsage(cpuBefore);
  const puts = await perSecond(ALONE, async () => {
    for (let n = 0; n < ALONE; n++) await database.put(`plain/${n}`, 'x'.repeat(2000), { sync: true });
  });
  const peer = `one synced put of 2 kB after the other on Level (${Math.round(puts)}/s)`;
  rows.push(row(`durable unlocking events, ${CALLERS} callers at once`, together, 'events/s', peer, together / puts));
  rows.push(row('processor time of one event, all threads', (cpu.user + cpu.system) / EVENTS, 'µs'));
  const alone = await perSecond(ALONE, async () => {
    for (let n = 0; n < ALONE; n++) await log.append([unlocking(WARM_UP + EVENTS + n)]);
  });
  rows.push(row('durable unlocking events, one caller', alone, 'events/s', peer, alone / puts));
}

/** `count` events from callers that each wait for their event before the next. */
async function appendTogether(log: EvidenceLog<BatchOp>, from: number, count: number): Promise<void> {
  let next = from;
  const caller = async (): Promise<void> => {
    while (next < from + count) await log.append([unlocking(next++)]);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

async function measureProofs({ log, rows }: Setting): Promise<void> {
  const size = log.size;
  const inclusions = await perSecond(PROOFS, async () => {
    for (let n = 0; n < PROOFS; n++) await log.inclusionProof((n * 7919) % size, size);
  });
  rows.push(row(`inclusion proofs, ${size} events`, inclusions, 'proofs/s'));
  const consistencies = await perSecond(PROOFS, async () => {
    for (let n = 0; n < PROOFS; n++) await log.consistencyProof(1 + ((n * 7919) % (size - 1)), size);
  });
  rows.push(row(`consistency proofs, ${size} events`, consistencies, 'proofs/s'));
}

/** The whole log rebuilt from its events: form, signatures, openings, indexes, tree. */
async function measureFsck({ database, log, rows }: Setting): Promise<void> {
  const { size } = log;
  const store = levelEvidenceStore(database);
  const checked = await perSecond(size, async () => {
    const report = await checkLog({ org: 'tax', store, chain: null, ownKey: publicKey, progress: () => undefined });
    if (report.difference !== null || report.uncheckedEpochs.length > 0) throw new Error('the log is not clean');
  });
  rows.push(row(`fsck, ${size} events`, checked, 'events/s'));
}

async function measureSizes({ log, rows }: Setting): Promise<void> {
  const size = log.size;
  const { signed, openings } = await log.eventAt(size >> 1);
  const proof = await log.inclusionProof(size >> 1, size);
  rows.push(row('signed event of 9 fields', canonicalText(signed).length, 'bytes'));
  rows.push(row('its openings', canonicalText(openings).length, 'bytes'));
  rows.push(row(`its inclusion proof, ${proof.length} hashes`, canonicalText(proof).length, 'bytes'));
  rows.push(row('a signed checkpoint', canonicalText(await log.checkpoint()).length, 'bytes'));
}

/** The bundles of a request over three nodes, two of them departments, and of one released batch. */
/** Gas of real anchors of this log, and what that is for an event where a checkpoint has as many as a node lets wait. */
async function measureAnchors({ log, rows }: Setting): Promise<void> {
  const { rpc, close } = await startEngine(CHAIN_ID, GENESIS_SECONDS);
  try {
    const founderKeyHex = '0f'.repeat(32);
    const accountKeyHex = '0e'.repeat(32);
    const deployment = await deployContracts({ rpc, founderKeyHex, clock: systemClock, validators: [] });
    const connect = (privateKeyHex: string) =>
      createLedgerClient({ rpc, deployment, account: { privateKeyHex }, clock: systemClock });
    await connect(founderKeyHex).admit({
      id: log.org,
      roles: ['department'],
      endpoint: 'https://tax.example',
      account: computeAddress(`0x${accountKeyHex}`).slice(2).toLowerCase(),
      ed25519Key: toHex(publicKey),
      x25519Key: '0d'.repeat(32),
    });
    const { batchEvents } = DEFAULT_ANCHOR_LIMITS;
    const chain = connect(accountKeyHex);
    const gas: number[] = [];
    for (const size of [batchEvents, 2 * batchEvents]) {
      const { transactionHash } = await chain.anchor(size, await log.rootAt(size));
      const receipt = await rpc.request('eth_getTransactionReceipt', [`0x${transactionHash}`]);
      gas.push(Number((receipt as { gasUsed: string }).gasUsed));
    }
    rows.push(row('anchor of a checkpoint, after the first', gas[1]!, 'gas'));
    rows.push(row(`anchor gas per event, ${batchEvents} events a checkpoint`, gas[1]! / batchEvents, 'gas'));
  } finally {
    await close();
  }
}

async function measureBundles({ rows }: Setting): Promise<void> {
  const story = await tellStory();
  try {
    for (const subject of [requestSubject, batchSubject]) {
      const text = bundleText(await story.bundle(subject));
      rows.push(row(`bundle of a ${subject.kind}, 3 nodes`, text.length, 'bytes'));
      for (const [name, ed25519] of [
        ['in Node', nativeEd25519],
        ['as in a browser', nobleEd25519],
      ] as const) {
        const verify = async (): Promise<void> => {
          for (let n = 0; n < VERIFICATIONS; n++) assertHolds(verifyBundleText(text, story.trust, { ed25519 }));
        };
        await verify();
        const ms = 1000 / (await perSecond(VERIFICATIONS, verify));
        rows.push(row(`its verification, ${name}`, ms, 'ms'));
      }
    }
  } finally {
    await story.close();
  }
}

function assertHolds({ verdict }: { readonly verdict: string }): void {
  if (verdict !== 'holds') throw new Error(`the bundle ${verdict}`);
}

function unlocking(n: number): EventDraft {
  const digest = (salt: number): string => (n * 16 + salt).toString(16).padStart(64, '0');
  const ids = { requestId: 'a'.repeat(64), computationId: 'b'.repeat(64) };
  const digests = { requestDigest: digest(1), receiptDigest: digest(2), blindedDigest: digest(3) };
  const fields = { ...ids, lane: 0, counter: n + 1, count: 1, totalUsed: n + 1, ...digests };
  return { kind: 'unlocking', key: `bench/${n}`, fields };
}

if (import.meta.main) console.table(await run(), ['what', 'value', 'unit', 'against', 'ratio']);
