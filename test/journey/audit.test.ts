/** A regulator with real processes: it took no part, rebuilds and verifies everything, and finds a node that was set back. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createDirectory } from '@sealedger/node/chain/directory.ts';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import { eventSigner } from '@sealedger/node/evidence/signer.ts';
import { createLogger } from '@sealedger/node/log.ts';
import { createApp } from '@sealedger/node/server/app.ts';
import { createLimits, limitsSchema } from '@sealedger/node/server/limits.ts';
import { logRoutes } from '@sealedger/node/server/log-routes.ts';
import { logServices } from '@sealedger/node/services/log.ts';
import { createNonceStore, openDatabase } from '@sealedger/node/store/level-store.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type LogPage, logPageSchema, MAX_LOG_PAGE } from '@sealedger/protocol/evidence/log-answers.ts';
import { trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
import { createPeerClient, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { runAuditCommand } from '@sealedger/sdk/cli/audit-command.ts';
import { runEvidenceCommand } from '@sealedger/sdk/cli/evidence-command.ts';
import { runVerifyCommand } from '@sealedger/sdk/cli/verify-command.ts';
import { peerOf } from '@sealedger/sdk/peer-of.ts';
import { writeRegulatorProfile } from '../../demo/profiles.ts';
import { systemClock } from '../../deploy/clock.ts';
import { startConsortium, type TestConsortium } from './support/consortium.ts';

const TAX = 'tax-bureau';
const commands = { audit: runAuditCommand, evidence: runEvidenceCommand, verify: runVerifyCommand } as const;

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };
type Document = {
  readonly requests: number;
  readonly events: number;
  readonly nodes: number;
  readonly findings: readonly { readonly code: string; readonly org: string }[];
  readonly head: { readonly number: number };
  readonly provenTo: number;
};

describe('a regulator', { timeout: 600_000 }, () => {
  let consortium: TestConsortium;
  let profile: string;
  let requestId: string;
  const heard: string[] = [];

  function audit(...args: readonly string[]): Promise<Ended> {
    return sealedger('audit', ...args, '--profile', profile);
  }

  /** In this process: one of its own would cost a second; test/cli and the main job have those. */
  async function sealedger(command: keyof typeof commands, ...args: readonly string[]): Promise<Ended> {
    const said = { stdout: '', stderr: '' };
    const code = await commands[command](args, {
      stdout: (text) => void (said.stdout += text),
      stderr: (text) => void (said.stderr += text),
      readFile: (path) => readFile(path, 'utf8'),
      writeFile: (path, text) => writeFile(path, text),
      locale: 'en',
    });
    heard.push(said.stdout, said.stderr);
    return { code, ...said };
  }

  function callsOf(org: string): PeerClient {
    const { keys } = consortium.organisation(org);
    const sign = (message: Uint8Array): Uint8Array => nativeEd25519.sign(message, keys.signing);
    const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
    return createPeerClient({ org, keyEpoch: 1, sign }, { fetch, clock: systemClock, randomBytes: random });
  }

  async function entriesAs(org: string, start: number, end: number): Promise<LogPage> {
    const peer = peerOf((await consortium.bank.ledger.organisation(TAX))!);
    const path = `/v1/log/entries?start=${start}&end=${end}`;
    return logPageSchema.parse(await callsOf(org).json(peer, { method: 'GET', path }));
  }

  /** A node of the same keys and endpoint that began its log anew; an honest one refuses to start so. */
  async function impersonate(org: string): Promise<() => Promise<void>> {
    const { keys, endpoint, port } = consortium.organisation(org);
    const database = await openDatabase(join(consortium.directory, `other-${org}`));
    const signer = eventSigner(org, 1, keys.signing);
    const secret = new Uint8Array(32).fill(1);
    const log = await EvidenceLog.open({ store: levelEvidenceStore(database), signer, clock: systemClock, secret });
    await log.append([{ kind: 'alert', key: 'first', fields: { code: 'began.anew' } }]);
    const sign = (message: Uint8Array): Uint8Array => nativeEd25519.sign(message, keys.signing);
    const parts = {
      identity: { org, keyEpoch: 1, sign },
      directory: createDirectory(consortium.bank.ledger, systemClock),
      nonces: createNonceStore(database, systemClock),
      limits: createLimits(limitsSchema.parse(undefined), systemClock),
      clock: systemClock,
      log: createLogger(org, () => undefined),
      endpoint,
    };
    const server = createServer(createApp(parts, logRoutes(logServices(log))));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
    };
  }

  before(async () => {
    consortium = await startConsortium();
    const { bank, directory, organisations, chain, deployment } = consortium;
    const request = await consortium.ask(20);
    requestId = request.requestId;
    await bank.awaitDecision(requestId, 60_000);
    await bank.compute(requestId);
    await bank.unlock(requestId, consortium.subjects.slice(0, 5));
    await bank.commitResults(requestId);
    await bank.unlock(requestId, consortium.subjects.slice(5, 7));
    await bank.commitResults(requestId);
    await bank.complete(requestId);
    await bank.evidence(requestId);
    await writeFile(join(directory, 'trust.json'), JSON.stringify(trustOfDeployment(deployment)));
    profile = await writeRegulatorProfile(
      directory,
      organisations.find(({ roles }) => roles.includes('regulator'))!,
      chain,
    );
  });
  after(() => consortium.end());

  it('collects the bundle of the request, of a batch and of a version from the nodes, and they hold', async () => {
    const { directory, bank } = consortium;
    const record = (await bank.ledger.request(requestId))!;
    const subjects = [
      ['--request', requestId],
      ['--batch', `${requestId}/${record.requester}/2`],
      ['--version', record.terms.datasetVersions[0]!],
    ] as const;
    for (const [option, id] of subjects) {
      const out = join(directory, `bundle${option}.json`);
      const collected = await sealedger('evidence', option, id, '--profile', profile, '--out', out);
      assert.equal(collected.code, 0, collected.stderr);
      const verified = await sealedger(
        'verify',
        out,
        '--trust',
        join(directory, 'trust.json'),
        '--rpc',
        consortium.chain.rpcUrl,
      );
      assert.equal(verified.code, 0, verified.stdout);
      assert.match(verified.stdout, /: HOLDS\n/);
    }
    const unknown = await sealedger('evidence', '--version', '0'.repeat(64), '--profile', profile, '--out', 'x.json');
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /EXPORT_VERSION_UNKNOWN/);
    assert.equal((await sealedger('evidence', '--version', 'x', '--request', 'y', '--profile', profile)).code, 2);
  });

  it('rebuilds every request, verifies every event of every node, and finds nothing', async () => {
    const { code, stdout, stderr } = await audit('verify', '--json');
    assert.equal(code, 0, stdout + stderr);
    const seen = JSON.parse(stdout) as Document;
    assert.deepEqual([seen.requests, seen.nodes, seen.findings.length], [1, 5, 0]);
    assert.equal(seen.provenTo, seen.head.number);
    assert.ok(seen.events >= 20);
  });

  it('tells one request from chain and logs together', async () => {
    const { code, stdout } = await audit('request', requestId.slice(0, 12), '--json');
    assert.equal(code, 0);
    const told = JSON.parse(stdout) as { state: string; unlocks: Record<string, number>; logs: { kind: string }[] };
    assert.equal(told.state, 'completed');
    assert.deepEqual(Object.values(told.unlocks), [7, 7]);
    assert.ok(told.logs.some(({ kind }) => kind === 'unlocking'));
    assert.equal((await audit('request', 'ffffffffffff')).code, 2);
  });

  it('finds the release of who holds its opening', async () => {
    const [subject] = consortium.subjects;
    const file = join(consortium.directory, 'opening.json');
    await writeFile(file, JSON.stringify(await consortium.bank.opening(requestId, subject!)));
    const { stdout } = await audit('find', '--opening', file, '--json');
    assert.equal((JSON.parse(stdout) as { release: { requestId: string } }).release.requestId, requestId);
    assert.match(
      (await audit('find', '--purpose', 'credit-underwriting', '--org', TAX)).stdout,
      new RegExp(requestId.slice(0, 12)),
    );
  });

  it('writes a report, and its usage errors leave with 2', async () => {
    const out = join(consortium.directory, 'report');
    assert.equal((await audit('report', '--out', out)).code, 0);
    assert.deepEqual((await readdir(out)).sort(), ['findings.json', 'report.csv', 'report.html']);
    for (const args of [['look'], ['find', '--from', 'yesterday']]) {
      assert.equal((await audit(...args)).code, 2, args.join(' '));
    }
  });

  it('alone gets openings; pages are bounded, and what is out of range is refused', async () => {
    assert.ok((await entriesAs('regulator', 0, 3)).entries.every(({ openings }) => openings !== undefined));
    assert.ok((await entriesAs('harbour-bank', 0, 3)).entries.every(({ openings }) => openings === undefined));
    const page = await entriesAs('regulator', 0, 1 << 30);
    assert.ok(page.entries.length <= MAX_LOG_PAGE && page.entries.length === page.size);
    for (const [start, end] of [
      [3, 3],
      [page.size + 1, page.size + 2],
    ] as const) {
      await assert.rejects(entriesAs('regulator', start, end), (error) => isProtocolError(error, 'EVIDENCE_RANGE'));
    }
  });

  it('finds a node that was set back, and one that is gone', async () => {
    assert.equal((await audit('watch', '--once')).code, 0);
    await consortium.kill(TAX);
    await consortium.kill('social-security');
    const end = await impersonate(TAX);
    const { code, stdout } = await audit('watch', '--once', '--json');
    await end();
    assert.equal(code, 1);
    const found = (JSON.parse(stdout) as Document).findings.map((finding) => `${finding.code} ${finding.org}`);
    assert.deepEqual(found.sort(), [`FINDING_LOG_REWOUND ${TAX}`, 'FINDING_NODE_UNREACHABLE social-security']);
  });

  it('gets nothing personal: no identifier is in its output, its report or its archive', async () => {
    const directory = join(consortium.organisation('regulator').directory, 'audit');
    const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('value'));
    const kept = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
    assert.ok(kept.length > 5);
    const texts = [...heard, ...kept, await readFile(join(consortium.directory, 'report', 'report.html'), 'utf8')];
    const leaked = consortium.subjects.filter((subject) => texts.some((text) => text.includes(subject)));
    assert.deepEqual(leaked, []);
  });
});
