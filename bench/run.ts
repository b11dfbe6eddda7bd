/**
 * `npm run bench -- NAME [--json FILE]`: one benchmark, as a table on stdout and as JSON in FILE.
 *
 * Exit 0 once it ran, 2 for an unknown name or option, with the list of names on stderr. Names are loaded only when they
 * are asked for, since some of them bring large peers.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchRow } from './bench-row.ts';

interface BenchModule {
  run(): Promise<BenchRow[]>;
}

const BENCHES = {
  scoring: 'sealed scoring of 900,000 people × 113 features, against node-seal and cleartext',
  poprf: 'preparing, answering and opening, against @noble/curves',
  gateway: 'signed calls per second of one node, cost of signatures, 200 banks at once',
  gas: 'gas of each call in the life of a request, and writes per second',
  evidence: 'durable events, proofs and verification',
  quality: 'rule sets on tables with known truth: wrong cells found, repairs that are right',
  'quality-speed': '12 rules, and the commitment to rows, over 10 million rows, against bare SQL',
  unlock: 'one at a time, batched and in bulk over loopback, against @openmined/psi.js',
} as const;
type BenchName = keyof typeof BENCHES;

/** Packages whose versions decide what is measured. */
const VERSIONED = ['node-seal', 'libsodium-wrappers-sumo', '@noble/curves', 'ethers', 'hardhat', 'level'] as const;
const BYTES_PER_GB = 1e9;

const load = createRequire(import.meta.url);

function isBenchName(name: string | undefined): name is BenchName {
  return name !== undefined && Object.hasOwn(BENCHES, name);
}

/** Version in the package.json that stands above a package's entry file. */
function versionOf(name: string): string {
  const roots = load.resolve.paths(name) ?? [];
  for (const root of roots) {
    try {
      return (JSON.parse(readFileSync(`${root}/${name}/package.json`, 'utf8')) as { version: string }).version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return 'not installed';
}

function machine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGb: Number((totalmem() / BYTES_PER_GB).toFixed(1)),
    platform: `${process.platform}-${process.arch}`,
  };
}

function versions(): Record<string, string> {
  const own = load('../package.json') as { version: string };
  const installed = VERSIONED.map((name) => [name, versionOf(name)] as const);
  return { sealedger: own.version, node: process.versions.node, ...Object.fromEntries(installed) };
}

/** Four significant digits, whole numbers from 1,000 with separators. */
function figure(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(4)));
}

function table(rows: readonly BenchRow[]): string {
  const head = ['what', 'value', 'unit', 'ratio', 'against'];
  const cells = rows.map(({ what, value, unit, against, ratio }) => [
    what,
    figure(value),
    unit,
    ratio === null ? '' : `${figure(ratio)}×`,
    against ?? '',
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column]!.length)));
  const isNumber = [false, true, false, true, false];
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [head, ...cells].map(format).join('\n');
}

function usage(reason: string): number {
  const names = Object.entries(BENCHES).map(([name, what]) => `  ${name.padEnd(15)}${what}`);
  process.stderr.write(`${reason}\nusage: npm run bench -- NAME [--json FILE]\n${names.join('\n')}\n`);
  return 2;
}

function readArguments(argv: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  return { names: positionals, json: values.json };
}

async function main(argv: readonly string[]): Promise<number> {
  let given: ReturnType<typeof readArguments>;
  try {
    given = readArguments(argv);
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
  const [name, ...rest] = given.names;
  if (!isBenchName(name)) return usage(name === undefined ? 'no NAME given' : `there is no benchmark "${name}"`);
  if (rest.length > 0) return usage('one NAME at a time, so that none disturbs another');
  const bench = (await import(`./${name}.ts`)) as BenchModule;
  const rows = await bench.run();
  const about = { machine: machine(), versions: versions() };
  process.stdout.write(`${table(rows)}\n`);
  process.stderr.write(`${about.machine.cpu}, ${about.machine.cores} cores, Node ${about.versions['node']}\n`);
  if (given.json !== undefined) await writeFile(given.json, `${JSON.stringify({ ...about, rows }, null, 1)}\n`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
