import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the committed contracts are what the sources compile to, and a change of a source is noticed', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'sealedger-build-'));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  for (const path of ['scripts', 'hardhat.config.ts', 'package.json', 'protocol/ledger/contracts.generated.ts']) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  cpSync(join(root, 'contracts'), join(copy, 'contracts'), {
    recursive: true,
    filter: (path) => !/contracts\/(artifacts|cache)/.test(path),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const check = () =>
    spawnSync(process.execPath, ['scripts/build-contracts.ts', '--check'], { cwd: copy, encoding: 'utf8' });
  const first = check();
  assert.equal(first.status, 0, first.stderr);
  const source = join(copy, 'contracts/Evidence.sol');
  writeFileSync(source, readFileSync(source, 'utf8').replace('if (root == 0) revert EvidenceZeroRoot();', ''));
  const second = check();
  assert.equal(second.status, 1);
  assert.match(second.stderr, /is not what contracts\/ compiles to/);
});
