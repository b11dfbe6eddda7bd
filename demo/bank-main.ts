/**
 * Process of the scenario's bank: `node demo/bank-main.ts --task FILE`. It reaches nodes and chain through the SDK only.
 *
 * Sends `{ progress, … }` messages to the runner while it works; prints one JSON line with the outcome at its end.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { transformedValue } from '@sealedger/protocol/model.ts';
import { featureCount } from '@sealedger/protocol/request.ts';
import { type Bank, openBank } from '@sealedger/sdk/bank.ts';
import { sealedFileStore } from '@sealedger/sdk/cli/file-store.ts';
import type { OpenedScore } from '@sealedger/sdk/scores.ts';
import { systemClock } from '../deploy/clock.ts';
import { keyPlacesOf } from './consortium.ts';
import { explainError } from './explain.ts';
import { type Applicant, readApplicants, readScenario, type ScenarioFiles } from './scenario-files.ts';
import { openKeys } from './secrets.ts';

/** What the runner hands over. */
export interface BankTask {
  readonly scenario: string;
  readonly out: string;
  readonly directory: string;
  readonly rpcUrl: string;
  readonly deployment: string;
  /** Regulator that certifies the model; null where the chain has none. */
  readonly certifier: string | null;
  readonly lang: 'en' | 'zh-CN';
}

export interface BankOutcome {
  readonly requestId: string;
  readonly computationId: string;
  readonly people: number;
  readonly scored: number;
  readonly notInRegister: number;
  readonly features: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly bundles: number;
  readonly traffic: Readonly<Record<string, { readonly sent: number; readonly received: number }>>;
  readonly peakRssMb: number;
}

const DECISION_PATIENCE_MS = 120_000;
const CERTIFICATE_PATIENCE_MS = 300_000;
const TERM_SECONDS = 30 * 86_400;

function report(progress: string, details: Readonly<Record<string, string | number>> = {}): void {
  process.send?.({ progress, details });
}

async function run(task: BankTask): Promise<BankOutcome> {
  const files = await readScenario(task.scenario);
  const applicants = await readApplicants(files);
  const bank = await openBankOf(task, files);
  const phases: Record<string, number> = {};
  const timed = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    phases[phase] = Number(((performance.now() - start) / 1000).toFixed(3));
    return result;
  };
  const request = await timed('request', () => ask(bank, files, applicants.length, task.certifier));
  report('RUN_REQUEST', { features: featureCount(request.document), requestId: request.requestId.slice(0, 12) });
  process.send?.({ asked: request.requestId });
  await Promise.all([
    timed('approval', async () => {
      await bank.awaitDecision(request.requestId, DECISION_PATIENCE_MS);
      report('RUN_APPROVED');
    }),
    task.certifier === null ? undefined : timed('certificate', () => handIn(bank, request.requestId, task)),
  ]);
  const table = await timed('compute', () =>
    bank.compute(request.requestId, ({ received, expected }) => report('RUN_CHUNK', { received, expected })),
  );
  report('RUN_TABLE', { people: table.people });
  const subjects = applicants.map(({ subject }) => parseIdentifier(subject));
  const opened = await timed('unlock', () =>
    bank.unlock(request.requestId, subjects, {
      onProgress: (done, of) => report('RUN_UNLOCKED', { opened: done, of }),
    }),
  );
  await timed('release', () => writeScores(files, applicants, opened, task.out));
  const bundles = await timed('evidence', () => writeEvidence(bank, request.requestId, task.out));
  const scored = [...opened.values()].filter(({ status }) => status === 'scored').length;
  return {
    requestId: request.requestId,
    computationId: table.computationId,
    people: table.people,
    scored,
    notInRegister: opened.size - scored,
    features: files.model.features.length,
    phases,
    bundles,
    traffic: Object.fromEntries(bank.traffic),
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

async function openBankOf(task: BankTask, files: ScenarioFiles): Promise<Bank> {
  const keys = await openKeys({ org: files.scenario.bank.node, ...keyPlacesOf(task.directory, ['bank']) });
  return openBank({
    org: files.scenario.bank.node,
    deployment: parseDeployment(JSON.parse(await readFile(task.deployment, 'utf8'))),
    rpcUrl: task.rpcUrl,
    keys,
    ports: {
      fetch,
      clock: systemClock,
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      store: sealedFileStore(join(task.directory, 'store'), fromHex(keys.stored.seed, 32)),
      ed25519: nativeEd25519,
    },
  });
}

/** Hands the model to the certifier as a sealed file, and waits for the certificate on chain. */
async function handIn(bank: Bank, requestId: string, task: BankTask): Promise<void> {
  const file = join(task.directory, 'model.submission');
  await writeFile(file, await bank.certificateSubmission(requestId), { mode: 0o600 });
  process.send?.({ submission: file });
  await bank.awaitCertificate(requestId, CERTIFICATE_PATIENCE_MS);
}

async function ask(bank: Bank, files: ScenarioFiles, applicants: number, certifier: string | null) {
  const { scenario, model, gates } = files;
  const listings = await bank.catalogue();
  const latest = (owner: string, kind: 'features' | 'register') =>
    listings.find(({ metadata }) => metadata.owner === owner && metadata.kind === kind)!;
  return bank.request({
    model,
    purpose: 'credit-underwriting',
    legalBasis: { code: 'credit-consent', text: 'written consent of each applicant, given with the application' },
    contact: { unit: 'risk management', person: 'duty officer', channel: `risk@${scenario.bank.node}.example` },
    datasets: scenario.departments.map(({ node }) => latest(node, 'features')),
    register: latest(scenario.register.node, 'register'),
    gates,
    certifier,
    quota: applicants,
    termSeconds: TERM_SECONDS,
  });
}

/** Adds the bank's own features to the opened scores and writes `scores.csv`, in the order of the bank's table. */
async function writeScores(
  files: ScenarioFiles,
  applicants: readonly Applicant[],
  opened: ReadonlyMap<string, OpenedScore>,
  out: string,
): Promise<void> {
  const own = files.model.features.filter((feature) => feature.party === files.scenario.bank.node);
  const lines = applicants.map(({ subject, row, cells }) => {
    const score = opened.get(subject)!;
    if (score.status === 'not-in-register') return `${subject},,not-in-register`;
    const ownPart = own.reduce(
      (sum, feature) => sum + feature.weight * transformedValue(feature, cells[feature.field] ?? null, row),
      0,
    );
    return `${subject},${(score.logit + ownPart).toFixed(9)},scored`;
  });
  await writeFile(join(out, 'scores.csv'), `${['id_number,score,status', ...lines].join('\n')}\n`);
}

async function writeEvidence(bank: Bank, requestId: string, out: string): Promise<number> {
  await bank.commitResults(requestId);
  await bank.complete(requestId);
  const bundles = await bank.evidence(requestId);
  await mkdir(join(out, 'evidence'), { recursive: true });
  for (const { name, bundle } of bundles) {
    await writeFile(join(out, 'evidence', `${name}.json`), bundleText(bundle));
  }
  return bundles.length;
}

const { values } = parseArgs({ options: { task: { type: 'string' } } });
const task = JSON.parse(await readFile(values.task!, 'utf8')) as BankTask;
try {
  process.stdout.write(`${JSON.stringify({ outcome: await run(task) })}\n`);
  process.exitCode = 0;
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failure: explainError(error, task.lang) })}\n`);
  process.exitCode = 1;
} finally {
  process.disconnect?.();
}
