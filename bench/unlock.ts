/**
 * Unlocking against real nodes on loopback: one subject at a time, in batches, and in bulk beside a DH-based PSI library.
 *
 * The bulk comparison does the same job on the same sets in one run, one core each: a holder prepares its set, the other
 * side learns for each of its items whether it is in there (ours unlocks a pad on top). CPU of both sides is counted.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { utf8 } from '@sealedger/protocol/bytes.ts';
import { loadPoprf, type Poprf } from '@sealedger/protocol/poprf.ts';
import { locatorFromOutput } from '@sealedger/protocol/register.ts';
import { padFromPoprfOutput } from '@sealedger/protocol/rlwe/masks.ts';
import { startConsortium } from '../test/journey/support/consortium.ts';
import type { BenchRow } from './bench-row.ts';

const SINGLE_UNLOCKS = 300;
/** One to ten, as a bank's applicants to a city's register. */
const BULK_SERVER = 20_000;
const BULK_CLIENT = 2000;
const BULK_BATCH = 1000;

export async function run(): Promise<BenchRow[]> {
  return [...(await overLoopback()), ...(await inBulk())];
}

/** One gate as its own process; a single unlocking is order, evaluation, metering with fsync, proof check, decryption. */
async function overLoopback(): Promise<BenchRow[]> {
  const applicants = SINGLE_UNLOCKS + 700;
  const world = await startConsortium({ people: 1200, applicants, strangers: 20 }, ['data-bureau']);
  try {
    const { bank, subjects } = world;
    const { requestId } = await world.ask(applicants);
    await bank.awaitDecision(requestId, 60_000);
    await bank.compute(requestId);
    await bank.unlock(requestId, subjects.slice(0, 20), { batchSize: 1, lanes: 1 });
    const times: number[] = [];
    for (const subject of subjects.slice(20, SINGLE_UNLOCKS)) {
      const start = performance.now();
      await bank.unlock(requestId, [subject]);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const start = performance.now();
    await bank.unlock(requestId, subjects.slice(SINGLE_UNLOCKS), { batchSize: 350, lanes: 2 });
    const perSecond = (1000 * (applicants - SINGLE_UNLOCKS)) / (performance.now() - start);
    return [
      row('one subject over loopback, p50', quantile(times, 0.5), 'ms'),
      row('one subject over loopback, p99', quantile(times, 0.99), 'ms'),
      row('one subject at a time', (1000 * times.length) / times.reduce((sum, time) => sum + time, 0), 'per second'),
      row('batches of 350, both sides', perSecond, 'per second'),
    ];
  } finally {
    await world.end();
  }
}

async function inBulk(): Promise<BenchRow[]> {
  const server = items('s', BULK_SERVER);
  const client = [...server.slice(0, BULK_CLIENT / 2), ...items('c', BULK_CLIENT / 2)];
  const ours = bulkOurs(await loadPoprf(), server, client);
  const theirs = await bulkPsi(server, client);
  const what = (part: string): string => `bulk, ${BULK_CLIENT} against ${BULK_SERVER}: ${part}`;
  const pair = (part: string, own: number, other: number): BenchRow => ({
    what: what(part),
    value: own,
    unit: 's of one core',
    against: '@openmined/psi.js 2.0.6',
    ratio: other / own,
  });
  const perSubject = (1e6 * ours.prepare) / BULK_SERVER;
  return [
    {
      what: "gate's preparation of a table, hash to group included",
      value: perSubject,
      unit: 'µs per subject',
      against: null,
      ratio: null,
    },
    {
      what: 'gate, batched with one DLEQ proof',
      value: ours.gatePerSecond,
      unit: 'per second',
      against: null,
      ratio: null,
    },
    pair('holder prepares', ours.prepare, theirs.prepare),
    pair('both sides unlock', ours.unlock, theirs.unlock),
    pair('whole', ours.prepare + ours.unlock, theirs.prepare + theirs.unlock),
  ];
}

function bulkOurs(poprf: Poprf, server: readonly string[], client: readonly string[]) {
  const info = new Uint8Array(randomBytes(32));
  const { secretKey, publicKey } = poprf.deriveKeyPair(new Uint8Array(randomBytes(32)), utf8('bench'));
  const evaluator = poprf.createEvaluator(secretKey, info);
  const hkdf = poprf.createOutputHkdf();
  const prepareStart = performance.now();
  const locators = new Set(
    server.map((item) => {
      const output = evaluator.evaluate(utf8(item));
      padFromPoprfOutput(output, 0, hkdf);
      padFromPoprfOutput(output, 1, hkdf);
      return Buffer.from(locatorFromOutput(output, hkdf)).toString('hex');
    }),
  );
  const prepare = seconds(prepareStart);
  const unlockStart = performance.now();
  const blinder = poprf.createBlinder(publicKey, info);
  const blinded = client.map((item) => blinder.blind(utf8(item), poprf.randomScalar(new Uint8Array(randomBytes(64)))));
  let gate = 0;
  const outputs: Uint8Array[] = [];
  for (let first = 0; first < client.length; first += BULK_BATCH) {
    const batch = blinded.slice(first, first + BULK_BATCH);
    const blindedElements = batch.map(({ blindedElement }) => blindedElement);
    const gateStart = performance.now();
    const proofScalar = poprf.randomScalar(new Uint8Array(randomBytes(64)));
    const evaluated = poprf.blindEvaluate({ secretKey, info, blindedElements, proofScalar });
    gate += seconds(gateStart);
    outputs.push(
      ...poprf.finalizeBatch({
        inputs: client.slice(first, first + BULK_BATCH).map(utf8),
        blinds: batch.map(({ blind }) => blind),
        blindedElements,
        ...evaluated,
        info,
        tweakedKey: blinder.tweakedKey,
      }),
    );
  }
  const found = outputs.filter((output) => locators.has(Buffer.from(locatorFromOutput(output)).toString('hex'))).length;
  const unlock = seconds(unlockStart);
  if (found !== client.length / 2) throw new Error(`found ${found} of ${client.length / 2}`);
  return { prepare, unlock, gatePerSecond: client.length / gate };
}

interface PsiLibrary {
  readonly server: { createWithNewKey(revealIntersection: boolean): PsiServer };
  readonly client: { createWithNewKey(revealIntersection: boolean): PsiClient };
  readonly dataStructure: { readonly GCS: number };
}
interface PsiServer {
  createSetupMessage(fpr: number, clientItems: number, items: readonly string[], structure: number): unknown;
  processRequest(request: unknown): unknown;
}
interface PsiClient {
  createRequest(items: readonly string[]): unknown;
  getIntersection(setup: unknown, response: unknown): readonly number[];
}

/** The peer comes from the registry at the first run, without its dependencies' install scripts. */
async function bulkPsi(server: readonly string[], client: readonly string[]) {
  const directory = fileURLToPath(new URL('peers/', import.meta.url));
  if (!existsSync(`${directory}node_modules/@openmined/psi.js`)) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: directory, stdio: 'ignore' });
  }
  const load = createRequire(`${directory}package.json`);
  const psi = (await (load('@openmined/psi.js') as () => Promise<PsiLibrary>)()) as PsiLibrary;
  const holder = psi.server.createWithNewKey(true);
  const asker = psi.client.createWithNewKey(true);
  const prepareStart = performance.now();
  const setup = holder.createSetupMessage(1e-9, client.length, server, psi.dataStructure.GCS);
  const prepare = seconds(prepareStart);
  const unlockStart = performance.now();
  const request = asker.createRequest(client);
  const found = asker.getIntersection(setup, holder.processRequest(request)).length;
  const unlock = seconds(unlockStart);
  if (found !== client.length / 2) throw new Error(`the peer found ${found} of ${client.length / 2}`);
  return { prepare, unlock };
}

function items(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(17, '0')}`);
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

function seconds(start: number): number {
  return (performance.now() - start) / 1000;
}

function row(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, against: null, ratio: null };
}
