/** Sends spoiled calls to the nodes of a real consortium and collects what comes back. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { errorCodes } from '@sealedger/protocol/messages/catalogue.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { systemClock } from '../../../deploy/clock.ts';
import { startConsortium, type TestConsortium } from '../../journey/support/consortium.ts';
import { dice, flipped, type Signer, type Spoiled, spoil, type Template } from './mutations.ts';

export interface MutationRun {
  readonly world: TestConsortium;
  readonly templates: readonly Template[];
  /** Sends `count` spoiled calls. @returns how often each status and code came back. */
  spoilCalls(seed: number, count: number): Promise<ReadonlyMap<string, number>>;
  /** Fails unless every node still serves, and none has logged a failure. */
  assertAlive(): Promise<void>;
  end(): Promise<void>;
}

const SIDE_BY_SIDE = 32;
const REPLY_MS = 20_000;
const HIDDEN = 'hidden-bureau';
/** Wide, so that the door is not what answers; short waits, so that half a call does not hold a test up. */
const SETTINGS = {
  limits: {
    address: { callsPerSecond: 100_000, burst: 100_000, connections: 1000 },
    organisation: Object.fromEntries(
      ['read', 'write', 'transfer', 'unlock', 'relay'].map((scope) => [
        scope,
        { callsPerSecond: 100_000, concurrent: 1000 },
      ]),
    ),
    headerSeconds: 0.4,
    body: { graceSeconds: 0.3 },
  },
  relay: { for: [HIDDEN], answerSeconds: 0.1 },
};

/** Starts a consortium, has its bank do everything once, and keeps each kind of call that it made. */
export async function startMutations(): Promise<MutationRun> {
  const recorded = new Map<string, Template>();
  const plainFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    if (typeof input === 'string' && init !== undefined) record(recorded, input, init);
    return plainFetch(input, init);
  };
  const world = await startConsortium(undefined, undefined, undefined, { settings: () => SETTINGS });
  try {
    const request = await world.ask(20);
    await world.bank.awaitDecision(request.requestId, 90_000);
    const { computationId } = await world.bank.compute(request.requestId);
    await world.bank.unlock(request.requestId, world.subjects.slice(0, 3), {});
    await world.bank.status(request.requestId);
    for (const template of furtherCalls(world, request.requestId, computationId))
      recorded.set(keyOf(template), template);
  } finally {
    globalThis.fetch = plainFetch;
  }
  const templates = [...recorded.values()];
  const withBody = templates.filter(({ body }) => body !== undefined);
  const signers = new Map(
    world.organisations.map(({ org, keys }) => [
      org,
      { org, sign: (message: Uint8Array) => nativeEd25519.sign(message, keys.signing) } satisfies Signer,
    ]),
  );
  return {
    world,
    templates,
    spoilCalls: async (seed, count) => {
      const die = dice(seed);
      const outcomes = new Map<string, number>();
      let left = count;
      const sender = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          // bodies are where the parsers are
          const template = die.pick(die.below(2) === 0 ? templates : withBody);
          const signer = signers.get(die.below(6) === 0 ? die.pick([...signers.keys()]) : template.org)!;
          const spoiled = spoil(template, signer, Date.now(), die);
          const bytes = flipped(bytesOf(spoiled), spoiled.flips, die);
          for (const outcome of outcomesOf(await exchange(spoiled.endpoint, bytes), spoiled, bytes)) {
            outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          }
        }
      };
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, sender));
      return outcomes;
    },
    assertAlive: () => assertAlive(world),
    end: () => world.end(),
  };
}

function record(recorded: Map<string, Template>, url: string, init: RequestInit): void {
  const input = new Headers(init.headers).get('signature-input');
  const org = /keyid="([a-z0-9-]+)\//.exec(input ?? '')?.[1];
  if (org === undefined) return;
  const { origin, pathname, search } = new URL(url);
  const body = init.body instanceof Uint8Array ? { body: init.body } : {};
  const template = { method: init.method ?? 'GET', endpoint: origin, path: pathname + search, ...body, org };
  if (!recorded.has(keyOf(template))) recorded.set(keyOf(template), template);
}

/** One of each kind of call for each node. */
function keyOf({ method, endpoint, path }: Template): string {
  return `${method} ${endpoint}${path.split('?')[0]!.replace(/[0-9a-f]{64}|\/\d+/g, ':')}`;
}

/** Calls that a bank's job does not make. */
function furtherCalls(world: TestConsortium, requestId: string, computationId: string): Template[] {
  const nodes = world.organisations.filter(({ roles }) => !roles.includes('bank') && !roles.includes('regulator'));
  const bank = world.organisations.find(({ roles }) => roles.includes('bank'))!.org;
  const regulator = world.organisations.find(({ roles }) => roles.includes('regulator'))!.org;
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const id = 'ab'.repeat(32);
  const calls: readonly (readonly [string, string, string, Uint8Array?])[] = [
    ['GET', '/v1/status', bank],
    ['GET', '/v1/datasets', bank],
    ['GET', '/v1/catalogue/search?q=income&state=published', bank],
    ['GET', '/v1/needs', bank],
    ['GET', `/v1/needs/${id}`, bank],
    ['POST', '/v1/needs', bank, json({ body: {}, signature: '' })],
    ['GET', `/v1/datasets/${id}/quality`, bank],
    ['GET', '/v1/log/checkpoint', regulator],
    ['GET', '/v1/log/entries?start=0&end=5', regulator],
    ['GET', '/v1/log/consistency?from=1&to=3', regulator],
    ['GET', `/v1/registers/${id}/key`, nodes[0]!.org],
    ['GET', `/v1/registers/${id}/tags`, nodes[0]!.org],
    ['GET', `/v1/registers/${id}/subjects`, nodes.find(({ roles }) => roles.includes('gate'))!.org],
    ['GET', `/v1/requests/${requestId}`, bank],
    ['PUT', `/v1/requests/${requestId}/attachments/${id}`, bank, json({})],
    ['POST', `/v1/requests/${requestId}/answers`, bank, json({ questionId: id, text: 'because' })],
    ['GET', `/v1/requests/${requestId}/lanes/1`, bank],
    ['POST', `/v1/requests/${requestId}/results`, bank, json({ batch: 1 })],
    ['GET', `/v1/computations/${computationId}`, bank],
    ['GET', `/v1/computations/${computationId}/chunks/0`, bank],
    ['GET', `/v1/evidence/requests/${requestId}?since=1`, bank],
    ['GET', `/v1/evidence/versions/${id}`, bank],
    ['GET', `/v1/evidence/requests/${requestId}/batches/${nodes[0]!.org}/1`, bank],
    ['POST', '/v1/consent/notices', bank, json({})],
    ['GET', `/v1/relay/${HIDDEN}/v1/status`, bank],
    ['POST', `/v1/relay/${HIDDEN}/v1/computations`, bank, json({ requestId, attempt: 1 })],
    ['GET', `/v1/relay-calls?session=${id}&wait=0`, bank],
    ['POST', `/v1/relay-calls/${id}`, bank, new Uint8Array(64)],
  ];
  return nodes.flatMap(({ endpoint }) =>
    calls.map(([method, path, org, body]) => ({
      method,
      path,
      org,
      endpoint,
      ...(body === undefined ? {} : { body }),
    })),
  );
}

function bytesOf({ method, path, headers, body }: Spoiled): Uint8Array {
  const lines = [...headers, ['connection', 'close'] as const].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}

/** Everything that comes back until the node closes. */
function exchange(endpoint: string, bytes: Uint8Array): Promise<string> {
  const { port, hostname } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer in ${REPLY_MS} ms to ${Buffer.from(bytes).toString('latin1').slice(0, 1500)}`));
    }, REPLY_MS);
    socket.on('data', (part) => {
      heard.push(part);
      // where the line is kept for more, nothing more is asked; a mere "continue" is no answer yet
      if (/HTTP\/1\.1 [2-5]/.test(Buffer.concat(heard).toString('latin1'))) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(heard).toString('latin1'));
    });
  });
}

const known = new Set<string>(errorCodes);
const FAILURES = ['INTERNAL', 'WORKER_FAILED', 'EVIDENCE_STORE_CORRUPT'];

/** Status and code of each answer; fails on what no node may say. */
function outcomesOf(reply: string, spoiled: Spoiled, bytes: Uint8Array): string[] {
  const about = (): string =>
    `${Buffer.from(bytes).toString('latin1').slice(0, 1500)}\n--- answered ---\n${reply.slice(0, 600)}`;
  if (reply === '') return ['cut'];
  const answers = reply.split(/(?=HTTP\/1\.1 \d{3} )/).filter((answer) => !answer.startsWith('HTTP/1.1 100'));
  return answers.map((answer) => {
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
    assert.ok(status > 0, about());
    if (status < 300) return String(status);
    const code = /"code":"([A-Z0-9_]+)"/.exec(answer)?.[1];
    if (code === undefined && (spoiled.method === 'HEAD' || spoiled.flips > 0)) return `${status} without body`;
    assert.ok(code !== undefined && known.has(code) && !FAILURES.includes(code), about());
    return `${status} ${code}`;
  });
}

async function assertAlive(world: TestConsortium): Promise<void> {
  const bank = world.organisations.find(({ roles }) => roles.includes('bank'))!;
  const peers = createPeerClient(
    { org: bank.org, keyEpoch: 1, sign: (message) => nativeEd25519.sign(message, bank.keys.signing) },
    { fetch, clock: systemClock, randomBytes: (length) => new Uint8Array(randomBytes(length)) },
  );
  for (const { org, roles, endpoint, keys } of world.organisations) {
    if (roles.includes('bank') || roles.includes('regulator')) continue;
    const ed25519 = nativeEd25519.publicKey(keys.signing);
    await peers.json({ org, endpoint, keyEpoch: 1, ed25519 }, { method: 'GET', path: '/v1/status' });
    assert.equal(world.node(org).process.exitCode, null, `${org} runs`);
  }
  const directory = join(world.directory, 'logs');
  for (const file of await readdir(directory)) {
    for (const line of (await readFile(join(directory, file), 'utf8')).split('\n')) {
      assert.ok(!line.includes('"message":"failed"'), `${file}: ${line}`);
    }
  }
}
