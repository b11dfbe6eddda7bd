/** `sealedger-node evidence export`, over a real operator's channel: what it writes verifies, and what it refuses. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { evidenceCommand } from '@sealedger/node/cli/evidence-command.ts';
import { createLogger } from '@sealedger/node/log.ts';
import { type AdminServer, startAdminServer } from '@sealedger/node/server/admin.ts';
import { adminEvidence } from '@sealedger/node/services/admin-evidence.ts';
import { writeAdminFile } from '@sealedger/node/services/admin-file.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { isProtocolError, type ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { openTestGate, type TestGate } from '../keys/support/gate.ts';
import { testPerson, withPersonKeys } from '../keys/support/persons.ts';
import { temporaryDirectory, testSigner } from './support/log-fixture.ts';
import { deployment } from './support/paper-chain.ts';
import {
  id,
  qualityDraft,
  qualityRecorded,
  requestId,
  type Story,
  tellStory,
  versions,
} from './support/request-story.ts';

const TOKEN = 'a1'.repeat(32);
let story: Story;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: AdminServer;
let people: TestGate;
const flushed: string[] = [];
before(async () => {
  story = await tellStory();
  directory = await temporaryDirectory();
  const anchorer = { flush: async () => void flushed.push('anchor') };
  const parts = {
    evidence: { log: story.logs.tax, signer: testSigner('tax'), anchorer },
    counts: { flush: async () => void flushed.push('counts') },
    rpc: story.chain.rpc,
    client: { deployment },
  } as unknown as NodeParts;
  const log = createLogger('tax', () => undefined);
  people = await openTestGate([testPerson('olga', 'auditor'), testPerson('zhao', 'approver')]);
  server = await startAdminServer({ commands: adminEvidence(parts), gate: people.gate, log, token: TOKEN });
  const own = { org: 'tax', dataDir: '.', port: 0, endpoint: server.url, rpcUrl: server.url, deployment: 'd.json' };
  await writeFile(join(directory.path, 'node.json'), JSON.stringify(own));
  await writeAdminFile(directory.path, { url: server.url, token: TOKEN });
});
after(async () => {
  await server.close();
  await story.close();
  await directory.remove();
});

/** @returns exit code, the file's text (null where none was written) and what stood on stdout. */
function run(...options: readonly string[]): Promise<{ code: number; text: string | null; stdout: string }> {
  return runAs(['--by', 'olga'], ...options);
}

async function runAs(
  by: readonly string[],
  ...options: readonly string[]
): Promise<{ code: number; text: string | null; stdout: string }> {
  people.clock.ms = Date.now();
  const out = join(directory.path, `${options.join('-').replaceAll('/', '_').slice(0, 100)}.json`);
  let stdout = '';
  const io = { stdout: (text: string) => void (stdout += text), stderr: () => undefined, locale: 'en' } as const;
  const place = ['--config', join(directory.path, 'node.json'), '--out', out];
  const argv = ['export', ...options, ...place, ...withPersonKeys(directory.path, by)];
  const code = await evidenceCommand(argv, io);
  const text = await readFile(out, 'utf8').catch(() => null);
  if (text !== null) assert.equal((await stat(out)).mode & 0o777, 0o600);
  return { code, text, stdout };
}

const pinned = (checkpoint: Trust['checkpoint']): Trust => ({ ...story.trust, validators: [], checkpoint });

test('the part of a version is a whole bundle that holds, anchored before it is made', async () => {
  const { code, text, stdout } = await run('--version', versions.tax);
  assert.deepEqual([code, stdout], [0, '']);
  assert.deepEqual(flushed.splice(0), ['counts', 'anchor']);
  assert.equal(verifyBundleText(text!, story.trust).verdict, 'holds');
});

test('the part of a request lacks the others and nothing else; that of a batch is whole', async () => {
  const { code, text } = await run('--request', requestId);
  const { verdict, claims } = verifyBundleText(text!, story.trust);
  assert.deepEqual([code, verdict], [0, 'fails']);
  const codes = new Set(claims.filter(({ status }) => status === 'fails').map((claim) => claim.code));
  assert.ok(codes.has('PARTS_PRESENT'));
  for (const right of ['FORM', 'EVENT_SIGNED', 'PART_COMPLETE', 'RECEIPT_PROVEN'] as const) {
    assert.equal(codes.has(right), false, right);
  }
  const batch = verifyBundleText((await run('--batch', `${requestId}/bank/1`)).text!, story.trust);
  assert.equal(batch.verdict, 'holds');
  assert.ok(batch.claims.some(({ code: claim, status }) => claim === 'RESULT_COMMITTED' && status === 'holds'));
});

test('--withhold keeps openings here, and the file holds without them', async () => {
  const { text } = await run('--version', versions.tax, '--withhold', 'quality.reportHash,workOrder.rows');
  const { verdict, withheld } = verifyBundleText(text!, story.trust);
  assert.equal(verdict, 'holds');
  assert.deepEqual(withheld.flatMap(({ fields }) => fields).sort(), ['reportHash', 'rows']);
  assert.equal((await run('--version', versions.tax, '--withhold', 'all')).text!.includes('"closed"'), false);
});

test('--through carries the headers to a pinned block, which then vouches for a chain that nobody seals', async () => {
  const through = await story.chain.mine();
  const block = (await story.chain.rpc.request('eth_getBlockByNumber', [`0x${through.toString(16)}`, false])) as {
    hash: string;
  };
  const trust = pinned({ number: through, hash: block.hash.slice(2) });
  const linked = await run('--version', versions.tax, '--through', String(through));
  assert.equal(verifyBundleText(linked.text!, trust).verdict, 'holds');
  const bare = await run('--version', versions.tax);
  assert.notEqual(verifyBundleText(bare.text!, trust).verdict, 'holds');
  const other = pinned({ number: through, hash: 'ab'.repeat(32) });
  assert.equal(verifyBundleText(linked.text!, other).verdict, 'fails');
});

test('--since leads from the state that the receiver has to the new one', async () => {
  const before = verifyBundleText((await run('--version', versions.tax)).text!, story.trust).state;
  const known = before['tax']!.size;
  await story.logs.tax.append([qualityDraft(versions.tax, 2, 9_200)]);
  await story.chain.mine([qualityRecorded('tax', 2, 9_200)]);
  await story.anchor('tax');
  const grown = await run('--version', versions.tax, '--since', String(known));
  const { verdict, claims } = verifyBundleText(grown.text!, story.trust, { previousState: before });
  assert.equal(verdict, 'holds');
  assert.ok(claims.some(({ code, status }) => code === 'LOG_CONTINUES' && status === 'holds'));
});

test('what is unknown or not said is refused with its code, and no file is written', async () => {
  const refused: readonly (readonly [readonly string[], ProtocolError['code']])[] = [
    [[], 'ARGUMENT_INVALID'],
    [['--version', versions.tax, '--request', requestId], 'ARGUMENT_INVALID'],
    [['--version', 'abc'], 'SCHEMA_MISMATCH'],
    [['--batch', `${requestId}/bank`], 'SCHEMA_MISMATCH'],
    [['--batch', `${requestId}/bank/1e9e9`], 'SCHEMA_MISMATCH'],
    [['--version', id('9')], 'EXPORT_VERSION_UNKNOWN'],
    [['--request', id('9')], 'EXPORT_REQUEST_UNKNOWN'],
    [['--version', versions.tax, '--through', '-1'], 'ARGUMENT_INVALID'],
  ];
  for (const [options, code] of refused) {
    await assert.rejects(run(...options), (error) => isProtocolError(error) && error.code === code, options.join(' '));
  }
});

test('nobody exports without a role for it, and each export is an act of its person', async () => {
  people.events.length = 0;
  const refusedWith = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;
  await assert.rejects(runAs([], '--version', versions.tax), refusedWith('PERSON_MISSING'));
  await assert.rejects(runAs(['--by', 'zhao'], '--version', versions.tax), refusedWith('PERSON_ROLE'));
  assert.equal((await run('--version', versions.tax)).code, 0);
  assert.deepEqual(
    people.events.map(({ kind, fields }) => [kind, fields['command'], fields['outcome']]),
    [
      ['act', 'evidence.export', 'PERSON_ROLE'],
      ['act', 'evidence.export', 'done'],
    ],
  );
});
