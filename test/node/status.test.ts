/** A real node over the real contracts: its status on every way out, and its refusal of an older copy of itself. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { statusCommand } from '@sealedger/node/cli/status-command.ts';
import { readConfig } from '@sealedger/node/config.ts';
import { type RunningNode, startNode } from '@sealedger/node/node.ts';
import { type InUseMetrics, metricsText } from '@sealedger/node/server/metrics.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type NodeStatus, nodeStatusSchema } from '@sealedger/protocol/node-status.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from '../keys/support/keystores.ts';
import { keys as accounts, startConsortium, temporaryDirectory } from '../ledger/chains.ts';

const secrets = { signing: '71'.repeat(32), account: accounts.tax, sealing: '72'.repeat(32), seed: '73'.repeat(32) };

/** A chain over HTTP, a node's configuration, and its key on chain. */
async function world(t: TestContext) {
  const ledger = await startConsortium(t);
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id, method, params } = JSON.parse(text);
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: await ledger.rpc.request(method, params) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  });
  const directory = await temporaryDirectory(t);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir);
  await writeTestKeystore(join(dataDir, 'keystore.json'), 'tax', secrets);
  await writeFile(join(directory, 'deployment.json'), JSON.stringify(ledger.deployment));
  const file = join(directory, 'node.json');
  const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const own = { org: 'tax', dataDir: 'data', port: 0, endpoint: 'http://127.0.0.1:1/', metricsPort: 0 };
  await writeFile(file, JSON.stringify({ ...own, rpcUrl, deployment: 'deployment.json' }));
  const { account } = (await ledger.client('tax').organisation('tax'))!;
  const ed25519Key = toHex(nobleEd25519.publicKey(Buffer.from(secrets.signing, 'hex')));
  await ledger.client('tax').rotateKeys({ account, ed25519Key, x25519Key: '74'.repeat(32) }, 0);
  await ledger.client('tax').setEndpoint('http://127.0.0.1:1');
  const running = new Set<RunningNode>();
  t.after(() => Promise.all([...running].map((node) => node.stop())));
  const start = async (): Promise<RunningNode> => {
    const node = await startNode(await readConfig(file), TEST_PASSPHRASE);
    running.add(node);
    const stop = async (): Promise<void> => {
      running.delete(node);
      await node.stop();
    };
    return { ...node, stop };
  };
  return { ledger, directory, dataDir, file, start };
}

async function status(file: string): Promise<{ code: number; status: NodeStatus; text: string }> {
  let [json, text] = ['', ''];
  const io = (add: (part: string) => void) => ({ stdout: add, stderr: () => undefined, locale: 'en' as const });
  const code = await statusCommand(
    ['--config', file, '--json'],
    io((part) => void (json += part)),
  );
  await statusCommand(
    ['--config', file],
    io((part) => void (text += part)),
  );
  return { code, status: nodeStatusSchema.parse(JSON.parse(json)), text };
}

/** @param keyChanges - of the chain so far: a head that the node has not looked at yet is no sign that it saw them. */
async function untilAnchored(file: string, keyChanges: number): Promise<NodeStatus> {
  for (let i = 0; i < 300; i++) {
    const { status: now } = await status(file);
    const isCurrent = now.chain.seenBlock === now.chain.head && now.log.kinds.keyChange === keyChanges;
    if (isCurrent && now.anchoring.backlog === 0) return now;
    await sleep(100);
  }
  return assert.fail('the log was not anchored');
}

function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = httpRequest({ port, host: '127.0.0.1', path, method, headers }, async (response) => {
      let text = '';
      for await (const part of response) text += part;
      resolve({ status: response.statusCode!, text });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function assertMetrics({ metricsPort }: RunningNode, size: number): Promise<void> {
  const port = metricsPort!;
  const { text } = await ask(port, '/metrics');
  assert.match(text, new RegExp(`^sealedger_log_size ${size}$`, 'm'));
  assert.match(text, /^sealedger_anchor_backlog 0$/m);
  assert.match(text, /^sealedger_log_events\{kind="member"\} 4$/m);
  assert.match(text, /^sealedger_chain_age_seconds [0-9.e-]+$/m);
  assert.deepEqual(await ask(port, '/readyz'), { status: 200, text: 'ready\n' });
  assert.deepEqual(await ask(port, '/healthz'), { status: 200, text: 'ok\n' });
  assert.equal((await ask(port, '/admin')).status, 404);
  assert.equal((await ask(port, '/metrics', {}, 'POST')).status, 403);
  assert.equal((await ask(port, '/metrics', { host: 'evil.example' })).status, 403);
  assert.equal((await ask(port, '/metrics', { origin: 'http://127.0.0.1' })).status, 403);
  for (const secret of Object.values(secrets)) assert.ok(!text.includes(secret));
  assert.doesNotMatch(text, /[0-9a-f]{32}|tax|court|bureau/, 'no digest, no organisation');
}

/** The signed route, as another member calls it: the endpoint that is signed is the registered one. */
async function signedStatus(
  { ledger }: Awaited<ReturnType<typeof world>>,
  port: number,
  keyEpoch: number,
): Promise<unknown> {
  const seed = new Uint8Array(32).fill(keyEpoch);
  const { account } = (await ledger.client('bank').organisation('bank'))!;
  const ed25519Key = toHex(nobleEd25519.publicKey(seed));
  await ledger.client('bank').rotateKeys({ account, ed25519Key, x25519Key: '75'.repeat(32) }, 0);
  const peers = createPeerClient(
    { org: 'bank', keyEpoch: 2, sign: (message) => nobleEd25519.sign(message, seed) },
    {
      fetch: (url, init) => fetch(url.replace('127.0.0.1:1/', `127.0.0.1:${port}/`), init),
      clock: { now: () => Date.now(), sleep },
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
    },
  );
  const ed25519 = nobleEd25519.publicKey(Buffer.from(secrets.signing, 'hex'));
  const peer = { org: 'tax', endpoint: 'http://127.0.0.1:1', keyEpoch: 2, ed25519 };
  return peers.json(peer, { method: 'GET', path: '/v1/status' });
}

test('status and metrics tell what the node does, and the same after a restart', async (t) => {
  const made = await world(t);
  const { file, start } = made;
  const node = await start();
  await node.ready;
  const first = await untilAnchored(file, 5);
  assert.deepEqual(first.log.kinds, { member: 4, keyChange: 5 });
  assert.deepEqual([first.isReady, first.alerts, first.anchoring.anchoredSize], [true, [], first.log.size]);
  const { code, text } = await status(file);
  assert.equal(code, 0);
  assert.match(text, /tax is ready/);
  await assertMetrics(node, first.log.size);
  const signed = nodeStatusSchema.parse(await signedStatus(made, node.port, 2));
  assert.equal(signed.anchoring.anchoredSize >= first.log.size, true);
  // The first where the rotation is known already, the second in the second before it is.
  await assert.rejects(
    signedStatus(made, node.port, 3),
    (error) => isProtocolError(error, 'MEMBER_KEY_EPOCH') || isProtocolError(error, 'HTTP_SIGNATURE_INVALID'),
  );
  assert.equal((await ask(node.port, '/v1/status')).status, 401, 'not without a signature');
  const last = await untilAnchored(file, 7);
  await node.stop();
  await assert.rejects(status(file), (error) => isProtocolError(error, 'ADMIN_NOT_RUNNING'));

  const again = await start();
  await again.ready;
  assert.deepEqual((await untilAnchored(file, 7)).log.kinds, last.log.kinds, 'nothing is logged twice');
  await again.stop();
});

test('a node whose directory was set back to before an anchor does not start', async (t) => {
  const { ledger, dataDir, directory, file, start } = await world(t);
  const node = await start();
  await node.ready;
  await untilAnchored(file, 5);
  await node.stop();
  const older = join(directory, 'older');
  await cp(join(dataDir, 'state'), older, { recursive: true });

  await ledger.client('court').publishDatasetVersion({
    name: 'cases',
    version: 1,
    metadataHash: 'a'.repeat(64),
    commitment: 'b'.repeat(64),
    level: 3,
  });
  await ledger.client('founder').closeFounding();
  const { account } = (await ledger.client('court').organisation('court'))!;
  await ledger.client('court').rotateKeys({ account, ed25519Key: 'e'.repeat(64), x25519Key: 'f'.repeat(64) }, 0);
  const later = await start();
  await later.ready;
  await untilAnchored(file, 6);
  await later.stop();

  await rm(join(dataDir, 'state'), { recursive: true });
  await rename(older, join(dataDir, 'state'));
  await assert.rejects(start(), (error) => isProtocolError(error, 'ANCHOR_LOG_REWOUND'));
});

const NOTHING_IN_USE: InUseMetrics = {
  requests: new Map(),
  decisionsWaiting: 0,
  decisionsOverdue: 0,
  unlocked: 0,
  refusals: new Map(),
  suspended: 0,
  alerts: 0,
  budgets: [],
};

test('the metrics tell of grants in use by state, class and code, and of nobody', async () => {
  const status = {
    org: 'tax',
    isReady: true,
    uptimeMs: 1,
    log: { size: 0, kinds: {} },
    anchoring: {
      anchoredSize: 0,
      confirmedSize: 0,
      backlog: 0,
      backlogLimit: 1,
      oldestAgeMs: 0,
      lastError: null,
      failures: 0,
    },
    chain: { head: 1, seenBlock: 1, ageMs: 0 },
    alerts: [],
  };
  const text = await metricsText(status, {
    ...NOTHING_IN_USE,
    requests: new Map([
      ['active', 3],
      ['suspended', 1],
    ]),
    decisionsWaiting: 2,
    decisionsOverdue: 1,
    unlocked: 6000,
    refusals: new Map([
      ['RATE_LIMITED', 17],
      ['QUOTA_EXHAUSTED', 2],
    ]),
    suspended: 1,
    alerts: 4,
    budgets: [{ subjects: 'person', period: 'month', share: 0.25 }],
  });
  for (const line of [
    'sealedger_requests{state="active"} 3',
    'sealedger_decisions_waiting 2',
    'sealedger_decisions_overdue 1',
    'sealedger_unlocked_scores 6000',
    'sealedger_refusals_total{code="RATE_LIMITED"} 17',
    'sealedger_suspended_grants 1',
    'sealedger_usage_alerts 4',
    'sealedger_budget_share{subjects="person",period="month"} 0.25',
  ])
    assert.ok(text.includes(`${line}\n`), line);
  const labels = new Set([...text.matchAll(/([a-z]+)="/g)].map(([, name]) => name));
  assert.deepEqual([...labels].sort(), ['code', 'period', 'state', 'subjects']);
});

test('what is not known is left out of the metrics, and what went wrong has its code', async () => {
  const text = await metricsText(
    {
      org: 'tax',
      isReady: false,
      uptimeMs: 1500,
      log: { size: 3, kinds: { alert: 3 } },
      anchoring: {
        anchoredSize: 1,
        confirmedSize: 0,
        backlog: 2,
        backlogLimit: 10,
        oldestAgeMs: 2500,
        lastError: 'CHAIN_UNREACHABLE',
        failures: 4,
      },
      chain: { head: null, seenBlock: null, ageMs: null },
      alerts: ['chain.away'],
    },
    NOTHING_IN_USE,
  );
  assert.match(text, /^sealedger_ready 0$/m);
  assert.match(text, /^sealedger_anchor_error\{code="CHAIN_UNREACHABLE"\} 1$/m);
  assert.match(text, /^sealedger_alert\{code="chain.away"\} 1$/m);
  assert.match(text, /^sealedger_anchor_oldest_seconds 2.5$/m);
  assert.doesNotMatch(text, /sealedger_chain_/);
});
