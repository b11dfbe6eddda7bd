/**
 * The main job: `npm start -- [--scenario DIR] [--out OUT] [--exit] [--rpc URL --deployment FILE [--founder-key FILE]] [--lang …]`.
 *
 * Starts the embedded chain and one process per organisation, lets the bank score its applicants, checks the result and
 * every bundle. Progress on stderr, the closing table on stdout. Exit 0 where all of it held, 1 where not, 2 for usage.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { parseTrust, trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { type Locale, messageFor, systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import { verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { type BankParties, runBank } from './bank.ts';
import type { BankOutcome, BankTask } from './bank-main.ts';
import {
  type ChainPlace,
  foundConsortium,
  type Organisation,
  openOrganisations,
  runsNode,
  writeNodeConfig,
} from './consortium.ts';
import { explainError } from './explain.ts';
import { DEFAULT_SIZE, generateScenario } from './generate-scenario.ts';
import { decideByPerson, openApprovers, personalDepartment } from './persons.ts';
import { type Child, ChildFailure, createProcesses, type Processes } from './processes.ts';
import { writeBankProfile } from './profiles.ts';
import { type MeasuredQuality, measureQuality } from './quality.ts';
import { admittedRegulator, certifyModel, runRegulator } from './regulator.ts';
import {
  assessQuality,
  type CertificateFigures,
  certificateDetails,
  closingTable,
  type Report,
  readScores,
  scoresText,
} from './report.ts';
import { readApplicants, readExpected, readScenario, type ScenarioFiles } from './scenario-files.ts';

interface Options {
  readonly scenario: string | undefined;
  readonly out: string;
  readonly exit: boolean;
  readonly lang: Locale;
  readonly chain: ChainPlace | undefined;
}

interface NodeUsage {
  readonly peakRssMb: number;
  readonly events: number;
  readonly traffic: Readonly<Record<string, { readonly sent: number; readonly received: number }>>;
}

function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scenario: { type: 'string' },
      out: { type: 'string', default: 'out' },
      exit: { type: 'boolean', default: false },
      rpc: { type: 'string' },
      deployment: { type: 'string' },
      'founder-key': { type: 'string' },
      lang: { type: 'string' },
    },
  });
  const { rpc, deployment, 'founder-key': founderKey } = values;
  if ((rpc === undefined) !== (deployment === undefined) || (founderKey !== undefined && rpc === undefined)) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '--rpc', reason: 'it goes together with --deployment' });
  }
  if (values.lang !== undefined && values.lang !== 'en' && values.lang !== 'zh-CN') {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '--lang', reason: 'en or zh-CN' });
  }
  return {
    scenario: values.scenario === undefined ? undefined : resolve(values.scenario),
    out: resolve(values.out),
    exit: values.exit,
    lang: values.lang ?? systemLocale(process.env),
    chain:
      rpc === undefined
        ? undefined
        : {
            rpcUrl: rpc,
            deploymentFile: resolve(deployment!),
            founderKeyFile: founderKey === undefined ? undefined : resolve(founderKey),
          },
  };
}

/** Between two lines of the same counting message. */
const COUNTING_MS = 1000;

/** Tells a person on stderr; of messages that count, at most one a second and the last one. */
function createTeller(lang: Locale) {
  const start = performance.now();
  const lastTold = new Map<string, number>();
  return (code: Parameters<typeof messageFor>[0], details: Readonly<Record<string, unknown>> = {}): void => {
    const now = performance.now();
    const [done, of] = [details['received'] ?? details['opened'], details['expected'] ?? details['of']];
    if (of !== undefined && done !== of && now - (lastTold.get(code) ?? 0) < COUNTING_MS) return;
    lastTold.set(code, now);
    process.stderr.write(`${((now - start) / 1000).toFixed(1).padStart(6)} s  ${messageFor(code, details, lang)}\n`);
  };
}
type Teller = ReturnType<typeof createTeller>;

/** What a run goes on with once its members are admitted; `regulator` is null where the chain knows none. */
interface Run {
  readonly files: ScenarioFiles;
  readonly organisations: readonly Organisation[];
  readonly chain: ChainPlace;
  readonly regulator: Organisation | null;
}

interface Scored {
  readonly outcome: BankOutcome;
  readonly certificate: CertificateFigures | null;
}

async function main(options: Options, processes: Processes, tell: Teller): Promise<number> {
  const state = join(options.out, 'state');
  await mkdir(state, { recursive: true });
  await rm(join(options.out, 'evidence'), { recursive: true, force: true });
  const phases: Record<string, number> = {};
  const timed = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    phases[phase] = Number(((performance.now() - start) / 1000).toFixed(3));
    return result;
  };
  const whole = performance.now();
  const files = await timed('scenario', () => openScenario(options));
  const applicants = await readApplicants(files);
  tell('RUN_SCENARIO', {
    name: files.scenario.name,
    departments: files.scenario.departments.length,
    people: await countRows(files),
    applicants: applicants.length,
  });
  const chain = await timed('chain', async () => options.chain ?? startChain(processes, state));
  const blockBefore = await blockNumber(chain.rpcUrl);
  const { organisations, deployment } = await timed('members', async () => {
    const opened = await openOrganisations(files, state);
    return { organisations: opened, deployment: await foundConsortium(opened, chain) };
  });
  tell('RUN_CHAIN', { chainId: deployment.chainId, block: blockBefore });
  tell('RUN_MEMBERS', { count: organisations.length, orgs: organisations.map(({ org }) => org).join(', ') });
  await writeFile(join(options.out, 'trust.json'), `${JSON.stringify(trustOfDeployment(deployment), null, 1)}\n`);
  const regulator = await admittedRegulator({ organisations, deployment, chain });
  const run: Run = { files, organisations, chain, regulator };
  const nodes = await timed('publish', () => startNodes(run, processes));
  tell('RUN_NODES', { count: nodes.length });
  const scores = await timed('quality', () => measureAll(files, organisations, options.lang));
  tell('RUN_QUALITY', { scores: scoresText(scores) });
  const { outcome, certificate } = await score(options, run, processes, tell);
  const verified = await timed('verify', () => verifyEvidence(options.out));
  tell('RUN_EVIDENCE', { bundles: outcome.bundles, verified: `${verified.held}/${verified.bundles}` });
  const audit = await timed('audit', () => runRegulator(options, { organisations, deployment, chain }, processes));
  if (audit === null) tell('RUN_NO_REGULATOR');
  else tell('RUN_AUDIT', audit);
  const usage = await Promise.all(nodes.map(async (node) => [node.name, await node.ask<NodeUsage>('usage')] as const));
  const quality = assessQuality(files, applicants, await readScores(options.out), await readExpected(files));
  const report: Report = {
    people: outcome.people,
    applicants: applicants.length,
    scored: outcome.scored,
    notInRegister: outcome.notInRegister,
    features: outcome.features,
    ...quality,
    phases: { ...phases, ...outcome.phases, total: Number(((performance.now() - whole) / 1000).toFixed(3)) },
    bytes: linkBytes(files.scenario.bank.node, outcome, usage),
    peakRssMb: {
      ...Object.fromEntries(usage.map(([name, { peakRssMb }]) => [name, peakRssMb])),
      [files.scenario.bank.node]: outcome.peakRssMb,
      runner: ownPeakMb(),
    },
    chain: await chainFigures(chain.rpcUrl, deployment.chainId),
    evidence: {
      events: usage.reduce((sum, [, { events }]) => sum + events, 0),
      checkpoints: verified.checkpoints,
      bundles: outcome.bundles,
    },
    certificate,
    versions: versions(),
  };
  await writeFile(join(options.out, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  process.stdout.write(`${closingTable(files, report, { audit, scores }, options.lang)}\n`);
  tell('RUN_VERIFY_HINT', { out: options.out });
  const isClean = audit === null || audit.findings === 0;
  return verified.held === verified.bundles && outcome.bundles > 0 && isClean ? 0 : 1;
}

async function openScenario(options: Options): Promise<ScenarioFiles> {
  if (options.scenario !== undefined) return readScenario(options.scenario);
  const directory = join(options.out, 'scenario');
  await generateScenario(directory, DEFAULT_SIZE);
  return readScenario(directory);
}

async function startChain(processes: Processes, state: string): Promise<ChainPlace> {
  const child = await processes.start('chain', new URL('../deploy/chain-main.ts', import.meta.url), [
    '--data',
    join(state, 'chain'),
    '--exit-with-parent',
  ]);
  const ready = await child.line('ready');
  return {
    rpcUrl: String(ready['rpc']),
    deploymentFile: String(ready['deployment']),
    founderKeyFile: String(ready['founderKey']),
  };
}

async function startNodes({ files, organisations, chain, regulator }: Run, processes: Processes): Promise<Child[]> {
  const script = new URL('../node/main.ts', import.meta.url);
  const byPerson = personalDepartment(files);
  const nodes = await Promise.all(
    organisations.filter(runsNode).map(async (organisation) => {
      const config = await writeNodeConfig(files, organisation, chain, {
        certificate: regulator === null ? 'waived' : 'needed',
        ...(organisation.org === byPerson
          ? { decidedBy: 'person', people: await openApprovers(organisation.directory) }
          : {}),
      });
      const args = ['run', '--config', config, '--passphrase-file', organisation.passphraseFile, '--exit-with-parent'];
      return processes.start(organisation.org, script, args);
    }),
  );
  await Promise.all(nodes.map((node) => node.line('ready')));
  return nodes;
}

/** Every department measures what it published, before anybody asks for it. */
async function measureAll(
  files: ScenarioFiles,
  organisations: readonly Organisation[],
  lang: Locale,
): Promise<MeasuredQuality[]> {
  return Promise.all(
    organisations.flatMap(({ org, directory }) => {
      const dataset = files.datasets.get(org);
      return dataset === undefined ? [] : [measureQuality(join(directory, 'node.json'), dataset.name, lang)];
    }),
  );
}

/** What the bank's process does, and what persons and the regulator do about its request meanwhile. */
async function score(options: Options, run: Run, processes: Processes, tell: Teller): Promise<Scored> {
  const { files, organisations, chain, regulator } = run;
  const bank = organisations.find(({ org }) => org === files.scenario.bank.node)!;
  await writeBankProfile(options.out, bank, chain);
  const task: BankTask = {
    scenario: files.directory,
    out: options.out,
    directory: bank.directory,
    rpcUrl: chain.rpcUrl,
    deployment: chain.deploymentFile,
    certifier: regulator?.org ?? null,
    lang: options.lang,
  };
  let certificate: CertificateFigures | null = null;
  const parties: BankParties = {
    tell,
    decide: async (requestId) => {
      const department = personalDepartment(files);
      const { directory } = organisations.find(({ org }) => org === department)!;
      const by = await decideByPerson({ department, directory, requestId, lang: options.lang }, processes);
      tell('RUN_DECIDED', { department, persons: by.join(', ') });
    },
    certify: async (submission) => {
      certificate = await certifyModel(options, { regulator: regulator!, chain }, submission, processes);
      tell('RUN_CERTIFIED', certificateDetails(certificate));
    },
  };
  const outcome = await runBank({ org: bank.org, directory: bank.directory, task }, parties, processes);
  return { outcome, certificate };
}

async function verifyEvidence(out: string): Promise<{ bundles: number; held: number; checkpoints: number }> {
  const trust = parseTrust(JSON.parse(await readFile(join(out, 'trust.json'), 'utf8')));
  const names = (await readdir(join(out, 'evidence'))).filter((name) => name.endsWith('.json'));
  let held = 0;
  const checkpoints = new Set<string>();
  for (const name of names) {
    const text = await readFile(join(out, 'evidence', name), 'utf8');
    const verdict = verifyBundleText(text, trust);
    if (verdict.verdict === 'holds') held += 1;
    for (const { checkpoint } of parseBundle(JSON.parse(text)).checkpoints) checkpoints.add(JSON.stringify(checkpoint));
  }
  return { bundles: names.length, held, checkpoints: checkpoints.size };
}

function linkBytes(
  bank: string,
  outcome: BankOutcome,
  usage: readonly (readonly [string, NodeUsage])[],
): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const [from, traffic] of [
    [bank, outcome.traffic] as const,
    ...usage.map(([name, node]) => [name, node.traffic] as const),
  ]) {
    for (const [to, { sent, received }] of Object.entries(traffic)) {
      bytes[`${from}→${to}`] = (bytes[`${from}→${to}`] ?? 0) + sent;
      bytes[`${to}→${from}`] = (bytes[`${to}→${from}`] ?? 0) + received;
    }
  }
  return bytes;
}

async function blockNumber(rpcUrl: string): Promise<number> {
  return Number(await createJsonRpc(rpcUrl, fetch).request('eth_blockNumber', []));
}

async function chainFigures(rpcUrl: string, chainId: number): Promise<Report['chain']> {
  const rpc = createJsonRpc(rpcUrl, fetch);
  const blocks = await blockNumber(rpcUrl);
  let transactions = 0;
  for (let block = 0; block <= blocks; block++) {
    transactions += Number(await rpc.request('eth_getBlockTransactionCountByNumber', [`0x${block.toString(16)}`]));
  }
  return { chainId, blocks, transactions };
}

async function countRows(files: ScenarioFiles): Promise<number> {
  const text = await readFile(join(files.directory, files.scenario.register.table), 'utf8');
  return text.trimEnd().split('\n').length - 1;
}

function ownPeakMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

function versions(): Record<string, string> {
  const load = createRequire(import.meta.url);
  const own = load('../package.json') as { version: string };
  return {
    sealedger: own.version,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
  };
}

async function untilInterrupted(): Promise<void> {
  await new Promise<void>((resolveWait) => {
    process.once('SIGINT', () => resolveWait());
    process.once('SIGTERM', () => resolveWait());
  });
}

let options: Options | undefined;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explainError(error, 'en')}\n${messageFor('RUN_USAGE', {}, 'en')}\n`);
  process.exitCode = 2;
}
if (options !== undefined) {
  const processes = createProcesses(join(options.out, 'state', 'logs'));
  const tell = createTeller(options.lang);
  try {
    process.exitCode = await main(options, processes, tell);
    if (!options.exit) {
      tell('RUN_STAYS', { out: options.out });
      await untilInterrupted();
    }
  } catch (error) {
    process.stderr.write(`${error instanceof ChildFailure ? error.message : explainError(error, options.lang)}\n`);
    process.exitCode = 1;
  } finally {
    await processes.stopAll();
  }
}
