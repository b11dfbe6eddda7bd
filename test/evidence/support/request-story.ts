/** The life of one request, with real logs of every node and a chain on paper: what a bundle is made from. */
import { type ExportOptions, exportBundle } from '@sealedger/node/evidence/export.ts';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import type { EventDraft } from '@sealedger/node/evidence/log-entry.ts';
import type { EventSigner } from '@sealedger/node/evidence/ports.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { Bundle, BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import { type Trust, trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
import { labelToBytes32, orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { PaperBft } from './bft-headers.ts';
import { openLog, openLogOn, startMs, temporaryDirectory, testSigner } from './log-fixture.ts';
import { deployment, PaperChain, type PaperEvent } from './paper-chain.ts';

export const id = (digit: string): string => digit.repeat(64);
export const requestId = id('a');
export const versions = { tax: id('b'), social: id('c'), bureau: id('d') } as const;
const computationId = id('e');
const [modelDigest, metadataHash, commitment, grantHash] = [id('1'), id('2'), id('3'), id('4')];
const resultCommitment = id('9');
const quota = 10;
const expiresAt = startMs / 1000 + 3600;
const word = (hex: string): string => `0x${hex}`;
const org = orgToBytes32;
/** Departments and the bureau, which is registrar and gate; the bank keeps no log. */
export const nodes = ['bureau', 'social', 'tax'] as const;
export type NodeName = (typeof nodes)[number];

export type Story = {
  readonly chain: PaperChain;
  readonly trust: Trust;
  readonly logs: Readonly<Record<NodeName, EvidenceLog<BatchOp>>>;
  /** Registers the next key of a node and lets it sign with it from now on. */
  readonly rotate: (name: NodeName, overlapSeconds?: number) => Promise<void>;
  readonly anchor: (name: NodeName) => Promise<void>;
  readonly part: (name: NodeName, subject?: BundleSubject, options?: ExportOptions) => Promise<Bundle>;
  readonly bundle: (subject?: BundleSubject, options?: ExportOptions) => Promise<Bundle>;
  readonly close: () => Promise<void>;
};

export const requestSubject: BundleSubject = { kind: 'request', requestId };
export const versionSubject: BundleSubject = { kind: 'version', datasetId: versions.tax };
export const batchSubject: BundleSubject = { kind: 'batch', requestId, org: 'bank', batch: 1 };

export type StoryOptions = {
  readonly evidenceAddress?: string;
  /** Seals in the headers instead of beside the blocks. */
  readonly bft?: PaperBft;
  /** Floor of the request, and the score of each dataset, in basis points. Default 8,000 and 9,150. */
  readonly qualityFloor?: number;
  readonly scoreBasisPoints?: number;
  /** What the chain has of the certificate that the request names; default: the regulator's own, before the attempt. */
  readonly certificate?:
    | 'none'
    | 'late'
    | 'withdrawn before'
    | 'withdrawn after'
    | 'of another'
    | 'for another'
    | 'unasked';
  /** What the result says of the grants; default: all three. */
  readonly grantHashes?: readonly string[] | null;
  /** What the contract says between attempt and result. */
  readonly beforeResult?: readonly PaperEvent[];
};

/** The regulator that the request names. */
export const certifier = 'watchdog';

/** Tells the whole story: admission to the second unlocking, everything anchored. */
export async function tellStory(options: StoryOptions = {}): Promise<Story> {
  const chain = new PaperChain(startMs / 1000);
  chain.bft = options.bft ?? null;
  const opened = await Promise.all(
    nodes.map(async (name) => {
      const directory = await temporaryDirectory();
      return { name, directory, ...(await openLog(directory.path, name)) };
    }),
  );
  const logs = Object.fromEntries(opened.map(({ name, log }) => [name, log])) as Record<NodeName, EvidenceLog<BatchOp>>;
  const signers: Record<NodeName, EventSigner> = {
    bureau: testSigner('bureau'),
    social: testSigner('social'),
    tax: testSigner('tax'),
  };
  const rotate = async (name: NodeName, overlapSeconds?: number): Promise<void> => {
    const keyEpoch = signers[name].keyEpoch + 1;
    const until = overlapSeconds === undefined ? 0 : (await chain.nowSeconds()) + overlapSeconds;
    await chain.mine([keysChanged(name, keyEpoch, until)]);
    signers[name] = testSigner(name, keyEpoch);
    logs[name] = await openLogOn(opened.find((one) => one.name === name)!.database, signers[name]);
  };
  const anchor = async (name: NodeName): Promise<void> => {
    const { checkpoint } = await logs[name].checkpoint();
    const args = [org(name), checkpoint.size, word(checkpoint.root)];
    await chain.mine([['evidence', 'CheckpointAnchored', args, options.evidenceAddress] as PaperEvent]);
  };
  const part: Story['part'] = (name, subject = requestSubject, exportOptions = {}) =>
    exportBundle({ log: logs[name], signer: signers[name], rpc: chain.rpc, deployment }, subject, exportOptions);
  const bundle: Story['bundle'] = async (subject, exportOptions) =>
    mergeBundles(await Promise.all(nodes.map((name) => part(name, subject, exportOptions))));
  await publishAndScore(chain, logs, options.scoreBasisPoints ?? 9_150);
  await ask(chain, options.qualityFloor ?? 8_000);
  await decideAndCompute(chain, logs, options);
  for (const name of nodes) await anchor(name);
  const close = async (): Promise<void> => {
    for (const { database, directory } of opened) {
      await database.close();
      await directory.remove();
    }
  };
  return { chain, trust: trustOfDeployment(deployment), logs, rotate, anchor, part, bundle, close };
}

/** A registration of keys as the Consortium emits it. */
export function keysChanged(name: string, keyEpoch: number, previousUntil = 0): PaperEvent {
  const key = word(toHex(testSigner(name, keyEpoch).publicKey));
  return ['consortium', 'KeysChanged', [org(name), keyEpoch, key, word(id('7')), `0x${'8'.repeat(40)}`, previousUntil]];
}

/** The score of a version, as its owner logs it before it goes on chain. */
export function qualityDraft(datasetId: string, round: number, scoreBasisPoints: number): EventDraft {
  const fields = { datasetId, version: 1, round, ruleSetHash: id('a'), scoreBasisPoints, reportHash: id('b') };
  return { kind: 'quality', key: `quality/${datasetId}/${round}`, fields };
}

export function qualityRecorded(name: NodeName, round: number, scoreBasisPoints: number): PaperEvent {
  const args = [word(versions[name]), org(name), round, word(id('a')), scoreBasisPoints, word(id('b'))];
  return ['catalogue', 'QualityRecorded', args];
}

async function publishAndScore(chain: PaperChain, logs: Story['logs'], score: number): Promise<void> {
  await chain.mine(...['bank', ...nodes].map((name) => [keysChanged(name, 1)]));
  for (const name of nodes) {
    const args = [
      word(versions[name]),
      org(name),
      labelToBytes32('people'),
      1,
      word(metadataHash),
      word(commitment),
      3,
    ];
    await chain.mine([['catalogue', 'DatasetVersionPublished', args]]);
  }
  for (const name of ['tax', 'social'] as const) {
    const order = { datasetId: versions[name], version: 1, orderId: id('6'), state: 'closed', rows: 12 };
    await logs[name].append([
      qualityDraft(versions[name], 1, score),
      { kind: 'workOrder', key: 'order', fields: order },
    ]);
    await chain.mine([qualityRecorded(name, 1, score)]);
  }
}

async function ask(chain: PaperChain, qualityFloor: number): Promise<void> {
  const datasets = [word(versions.tax), word(versions.social)];
  const purpose = labelToBytes32('credit-scoring');
  const terms = [
    purpose,
    word(modelDigest),
    datasets,
    word(versions.bureau),
    [org('bureau')],
    quota,
    expiresAt,
    false,
    qualityFloor,
    `0x${'0'.repeat(64)}`,
  ];
  await chain.mine([['requests', 'RequestSubmitted', [word(requestId), org('bank'), ...terms]]]);
}

async function decideAndCompute(chain: PaperChain, logs: Story['logs'], options: StoryOptions): Promise<void> {
  const named = options.certificate === 'unasked' ? {} : { certifier };
  const request = { requestId, requester: 'bank', purpose: 'credit-scoring', modelDigest, quota, expiresAt };
  const datasets = [versions.tax, versions.social];
  for (const name of nodes) {
    const version = { name: 'people', version: 1, metadataHash, commitment, level: 3, rows: 8193 };
    const decision = { requestId, decider: name, approved: true, reason: 'policy.level-3', grantHash };
    const drafts: EventDraft[] = [
      { kind: 'revocation', key: 'other', fields: { requestId: id('f'), reason: 'another.request' } },
      { kind: 'version', key: versions[name], fields: { datasetId: versions[name], ...version } },
      { kind: 'request', key: requestId, fields: { ...request, datasets, ...named } },
      { kind: 'decision', key: requestId, fields: decision },
    ];
    await logs[name].append(drafts);
    const decided = [word(requestId), org(name), true, word(id('5')), word(grantHash)];
    await chain.mine([['requests', 'RequestDecided', decided]]);
  }
  await chain.mine([
    ['requests', 'GateKeyPublished', [word(requestId), org('bureau'), word(id('6'))]],
    ['requests', 'RequestActivated', [word(requestId)]],
  ]);
  const [before, after, last] = certificateEvents(options.certificate);
  for (const event of before) await chain.mine([event]);
  await chain.mine([['requests', 'AttemptOpened', [word(requestId), 1]]]);
  for (const event of [...after, ...(options.beforeResult ?? [])]) await chain.mine([event]);
  for (const name of nodes) await logs[name].append(computationDrafts(name));
  await logs.bureau.append([unlockingDraft(1, 4, 4), unlockingDraft(2, 1, 5)]);
  await logs.bureau.append([resultDraft(options.grantHashes)]);
  await chain.mine([['requests', 'UnlocksRecorded', [word(requestId), org('bureau'), 5]]]);
  const result = [org('bank'), word(requestId), 1, word(resultCommitment), 5];
  await chain.mine([['evidence', 'ResultCommitted', result]]);
  for (const event of last) await chain.mine([event]);
}

/** What the regulators say: before the attempt, after it, and after the result. */
function certificateEvents(which: StoryOptions['certificate']): readonly [PaperEvent[], PaperEvent[], PaperEvent[]] {
  const given = (by: string, requester: string): PaperEvent => [
    'attestations',
    'ModelCertified',
    [word(modelDigest), org(by), org(requester), word(id('0'))],
  ];
  const own = given(certifier, 'bank');
  const withdrawn: PaperEvent = ['attestations', 'CertificateWithdrawn', [word(modelDigest), org(certifier)]];
  switch (which) {
    case 'none':
    case 'unasked':
      return [[], [], []];
    case 'late':
      return [[], [], [own]];
    case 'withdrawn before':
      return [[own, withdrawn], [], []];
    case 'withdrawn after':
      return [[own], [withdrawn], []];
    case 'of another':
      return [[given('watchdog-2', 'bank')], [], []];
    case 'for another':
      return [[given(certifier, 'bank-2')], [], []];
    default:
      return [[own], [], []];
  }
}

function computationDrafts(name: NodeName): EventDraft[] {
  const fields = { requestId, computationId, attempt: 1, role: name === 'bureau' ? 'gate' : 'department', chunks: 2 };
  const states = ['announced', 'started', 'completed'] as const;
  return states.map((state) => ({
    kind: 'computation',
    key: `${computationId}/${state}`,
    fields: { ...fields, state, inputDigest: id('7'), outputDigest: id('8'), seedCommitment: id('0') },
  }));
}

/** The gate's n-th unlocking of `count` subjects. */
export function unlockingDraft(counter: number, count: number, totalUsed: number): EventDraft {
  const digests = { requestDigest: id('1'), receiptDigest: id('2'), blindedDigest: id('3') };
  const fields = { requestId, computationId, lane: 0, counter, count, totalUsed, ...digests };
  return { kind: 'unlocking', key: `${requestId}/0/${counter}`, fields };
}

/** A late event about the request, for logs that go on after the story. */
export function retiredDraft(): EventDraft {
  const fields = { requestId, computationId, attempt: 1, role: 'department', state: 'retired' } as const;
  return { kind: 'computation', key: `${computationId}/retired`, fields };
}

function resultDraft(grantHashes: StoryOptions['grantHashes'] = [grantHash, grantHash, grantHash]): EventDraft {
  const fields = { requestId, computationId, batch: 1, commitment: resultCommitment, count: 5 };
  const named = grantHashes === null ? {} : { grantHashes: [...grantHashes] };
  return { kind: 'result', key: `${requestId}/1`, fields: { ...fields, ...named } };
}
