import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { startEngine } from '../../deploy/chain-engine.ts';
import { serveChain } from '../../deploy/chain-server.ts';
import { systemClock } from '../../deploy/clock.ts';
import { ensureDeployment } from '../../deploy/contracts.ts';
import { FOUNDER_KEY, temporaryDirectory } from './chains.ts';

const deployMain = fileURLToPath(new URL('../../deploy/deploy-main.ts', import.meta.url));

function runDeploy(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [deployMain, ...args]);
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (out.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (out.stderr += part.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...out })));
}

test('a deployment is made once, and held against its chain from then on', async (t) => {
  const directory = await temporaryDirectory(t);
  const [engine, other] = [await startEngine(20221, 1_800_000_000), await startEngine(20221, 1_800_000_001)];
  t.after(async () => {
    await engine.close();
    await other.close();
  });
  const file = join(directory, 'deployment.json');
  const options = { rpc: engine.rpc, founderKeyHex: FOUNDER_KEY, clock: systemClock, validators: ['ab'.repeat(32)] };
  const deployment = await ensureDeployment(file, options);
  assert.deepEqual(deployment.validators, ['ab'.repeat(32)]);
  const height = await engine.rpc.request('eth_blockNumber', []);
  assert.deepEqual(await ensureDeployment(file, options), deployment);
  assert.equal(await engine.rpc.request('eth_blockNumber', []), height, 'nothing is deployed again');
  await assert.rejects(ensureDeployment(file, { ...options, rpc: other.rpc }), (cause) =>
    isProtocolError(cause, 'CHAIN_MISMATCH'),
  );
  await writeFile(file, '{');
  await assert.rejects(ensureDeployment(file, options), (cause) => isProtocolError(cause, 'SCHEMA_MISMATCH'));
});

test('contracts that do not belong together are refused', async (t) => {
  const directory = await temporaryDirectory(t);
  const engine = await startEngine(20221, 1_800_000_000);
  t.after(() => engine.close());
  const options = { rpc: engine.rpc, founderKeyHex: FOUNDER_KEY, clock: systemClock, validators: [] };
  const [one, two] = [
    await ensureDeployment(join(directory, 'one.json'), options),
    await ensureDeployment(join(directory, 'two.json'), options),
  ];
  const mixed = {
    ...one,
    contracts: { ...one.contracts, evidence: two.contracts.evidence },
    codeHashes: { ...one.codeHashes, evidence: two.codeHashes.evidence },
  };
  const file = join(directory, 'mixed.json');
  await writeFile(file, JSON.stringify(mixed));
  await assert.rejects(
    ensureDeployment(file, options),
    (cause) => isProtocolError(cause, 'CHAIN_MISMATCH') && cause.details['what'] === 'requests of evidence',
  );
});

test('the command deploys to a chain that runs already, and says what it cannot do', async (t) => {
  const directory = await temporaryDirectory(t);
  const engine = await startEngine(4711, 1_800_000_000);
  const server = await serveChain(engine.rpc, 0, () => undefined);
  t.after(async () => {
    await server.close();
    await engine.close();
  });
  const [keyFile, out] = [join(directory, 'founder.key'), join(directory, 'deployment.json')];
  await writeFile(keyFile, `${FOUNDER_KEY}\n`);
  const args = ['--rpc', server.url, '--key-file', keyFile, '--out', out];
  const first = await runDeploy(args);
  assert.equal(first.code, 0, first.stderr);
  const deployment = parseDeployment(JSON.parse(first.stdout));
  assert.equal(deployment.chainId, 4711);
  assert.deepEqual(JSON.parse(await readFile(out, 'utf8')), deployment);
  assert.deepEqual(parseDeployment(JSON.parse((await runDeploy(args)).stdout)), deployment);
  assert.equal((await runDeploy(args.slice(0, 4))).code, 2);
  const away = await runDeploy(['--rpc', 'http://127.0.0.1:1', '--key-file', keyFile, '--out', join(directory, 'x')]);
  assert.equal(away.code, 1);
  assert.match(away.stderr, /does not answer/);
});
