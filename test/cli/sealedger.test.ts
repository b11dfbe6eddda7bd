/** The command `sealedger` as a process: help, version and what it refuses. `verify` itself: test/evidence. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../sdk/cli/sealedger.ts', import.meta.url));

function sealedger(args: readonly string[], language = 'C') {
  const env = { ...process.env, LC_ALL: language };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('helps on stdout, in the language of the system', () => {
  const english = sealedger(['--help']);
  assert.deepEqual([english.status, english.stderr], [0, '']);
  assert.match(english.stdout, /^usage: sealedger verify FILE/);
  assert.match(sealedger(['--help'], 'zh_CN.UTF-8').stdout, /^用法:sealedger verify/);
});

test('tells the version of its package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../sdk/package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.deepEqual(sealedger(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
});

test('refuses an unknown command and none with 2, the usage on stderr', () => {
  const unknown = sealedger(['prove']);
  assert.deepEqual([unknown.status, unknown.stdout], [2, '']);
  assert.match(unknown.stderr, /has no command "prove"[\s\S]*usage:/);
  assert.equal(sealedger([]).status, 2);
});

test('hands the rest to verify: without --trust nothing is verified', () => {
  const { status, stdout, stderr } = sealedger(['verify', 'no-such-file.json']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /VERIFY_NO_TRUST/);
});

test('is executable, as npm links it', () => {
  assert.notEqual(statSync(script).mode & 0o111, 0);
});
