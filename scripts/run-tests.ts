/**
 * `npm test [-- [FILTER…] [NODE OPTION…]]`: node's test runner over test/, its closing summary last.
 *
 * FILTER is a part of a path (`npm test -- test/protocol merkle`); options of node are passed on with `=`
 * (`--test-name-pattern=quota`). `--deep` adds the `*.deep.test.ts` files, which take long. Exit code of the runner; 2 where
 * no file fits.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Files at a time: several start a consortium of processes each, and the machine aimed at has two cores. */
const CONCURRENCY = 2;
/** For one test; a journey over real processes states its own, which is shorter. */
const TEST_TIMEOUT_MS = 900_000;

const root = fileURLToPath(new URL('..', import.meta.url));

function testFiles(isDeep: boolean, filters: readonly string[]): string[] {
  return globSync('test/**/*.test.ts', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => isDeep || !path.endsWith('.deep.test.ts'))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort();
}

function main(args: readonly string[]): number {
  const options = args.filter((arg) => arg.startsWith('-') && arg !== '--deep');
  const filters = args.filter((arg) => !arg.startsWith('-'));
  const files = testFiles(args.includes('--deep'), filters);
  if (files.length === 0) {
    process.stderr.write(`no test file fits: ${filters.join(' ')}\n`);
    return 2;
  }
  const runner = ['--test', `--test-concurrency=${CONCURRENCY}`, `--test-timeout=${TEST_TIMEOUT_MS}`];
  const { status, signal, error } = spawnSync(
    process.execPath,
    [...runner, '--test-reporter=spec', ...options, ...files],
    { cwd: root, stdio: 'inherit' },
  );
  if (error !== undefined) throw error;
  if (signal !== null) process.stderr.write(`the test runner was ended by ${signal}\n`);
  return status ?? 1;
}

process.exitCode = main(process.argv.slice(2));
