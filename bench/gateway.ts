/**
 * Signed calls against one real node on loopback: how many per second, what the signatures cost, and how long 200 banks
 * wait that call at the same moment.
 *
 * Every bank is an organisation of its own on the chain with a connection of its own. In the waves all calls are signed
 * beforehand and leave together; a wave is over when the last answer is there. The callers share the machine with the node.
 */
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { signRequestHeaders, verifyRequestHeaders, verifyResponseHeaders } from '@sealedger/protocol/http-signature.ts';
import { systemClock } from '../deploy/clock.ts';
import { BANKS, type Caller, NODE, startWorld, type World } from '../test/transport/support/one-node.ts';
import type { BenchRow } from './bench-row.ts';

const WAVES = 30;
const LOOP_MS = 4000;
const LOOP_CALLERS = 32;
const PACED_MS = 5000;
const SIGNATURES = 3000;
const PATH = '/v1/status';

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export async function run(): Promise<BenchRow[]> {
  const world = await startWorld();
  try {
    const signatures = await signatureCosts(world);
    await wave(world);
    const unsigned = await perSecond(world, 'unsigned');
    const signed = await perSecond(world, 'signed');
    const share = (signatures.nodeUs * signed.rate) / 1e6;
    const waves = await measureWaves(world);
    const paced = await measurePaced(world);
    return [
      row('signing a call', signatures.signUs, 'µs'),
      row('verifying a call', signatures.verifyUs, 'µs'),
      row('signatures of a call at the node: one verified, one made', signatures.nodeUs, 'µs'),
      row(`calls without signatures, ${LOOP_CALLERS} callers`, unsigned.rate, 'per second'),
      row(`signed status calls, ${LOOP_CALLERS} callers`, signed.rate, 'per second'),
      row('part of a core that these spend on the node’s signatures', 100 * share, '%'),
      row(`${BANKS} banks at the same moment, p50`, quantile(waves.times, 0.5), 'ms'),
      row(`${BANKS} banks at the same moment, p99`, quantile(waves.times, 0.99), 'ms'),
      row(`${BANKS} banks, a call a second each, p50`, quantile(paced.times, 0.5), 'ms'),
      row(`${BANKS} banks, a call a second each, p99`, quantile(paced.times, 0.99), 'ms'),
      row('calls refused by declared limits', signed.limited + waves.limited + paced.limited, 'calls'),
      row('calls that failed otherwise', signed.failed + waves.failed + paced.failed, 'calls'),
    ];
  } finally {
    await world.end();
  }
}

function signed({ org, signing }: Caller, endpoint: string): Record<string, string> {
  const created = Math.floor(Date.now() / 1000);
  return signRequestHeaders({
    method: 'GET',
    url: endpoint + PATH,
    org,
    keyEpoch: 1,
    created,
    expires: created + 60,
    nonce: randomBytes(16).toString('hex'),
    sign: (message) => nativeEd25519.sign(message, signing),
  });
}

async function signatureCosts({ banks, endpoint }: World) {
  const [caller] = banks;
  const publicKey = nativeEd25519.publicKey(caller!.signing);
  const calls = Array.from({ length: SIGNATURES }, () => signed(caller!, endpoint));
  let start = performance.now();
  for (let index = 0; index < SIGNATURES; index++) signed(caller!, endpoint);
  const signUs = (1000 * (performance.now() - start)) / SIGNATURES;
  start = performance.now();
  for (const headers of calls) {
    await verifyRequestHeaders({
      method: 'GET',
      url: endpoint + PATH,
      headers,
      publicKeyFor: () => publicKey,
      now: Math.floor(Date.now() / 1000),
      maxSkewSeconds: 30,
      maxLifetimeSeconds: 300,
      ed25519: nativeEd25519,
    });
  }
  const verifyUs = (1000 * (performance.now() - start)) / SIGNATURES;
  return { signUs, verifyUs, nodeUs: signUs + verifyUs };
}

/** As many calls as the callers get through one after the other. */
async function perSecond({ endpoint, banks }: World, kind: 'signed' | 'unsigned') {
  const until = performance.now() + LOOP_MS;
  const counts = { done: 0, limited: 0, failed: 0 };
  const start = performance.now();
  await Promise.all(
    banks.slice(0, LOOP_CALLERS).map(async (bank) => {
      while (performance.now() < until) {
        const reply =
          kind === 'signed'
            ? await get(bank, endpoint + PATH, signed(bank, endpoint))
            : await get(bank, `${endpoint}/healthz`, {});
        counts[outcomeOf(reply)] += 1;
      }
    }),
  );
  return { ...counts, rate: (1000 * counts.done) / (performance.now() - start) };
}

async function wave({ endpoint, banks, nodeKey }: World) {
  const calls = banks.map((bank) => ({ bank, headers: signed(bank, endpoint) }));
  const outcomes = await Promise.all(
    calls.map(async ({ bank, headers }) => {
      const start = performance.now();
      const reply = await get(bank, endpoint + PATH, headers);
      return { ms: performance.now() - start, headers, reply };
    }),
  );
  for (const { headers, reply } of outcomes)
    if (reply.status === 200) await assertSigned(endpoint, nodeKey, headers, reply);
  return outcomes;
}

async function measureWaves(world: World) {
  const counts = { done: 0, limited: 0, failed: 0 };
  const times: number[] = [];
  for (let index = 0; index < WAVES; index++) {
    for (const { ms, reply } of await wave(world)) {
      counts[outcomeOf(reply)] += 1;
      if (reply.status === 200) times.push(ms);
    }
  }
  return { ...counts, times };
}

async function measurePaced({ endpoint, banks }: World) {
  const counts = { done: 0, limited: 0, failed: 0 };
  const times: number[] = [];
  await Promise.all(
    banks.map(async (bank, index) => {
      await systemClock.sleep((1000 * index) / BANKS);
      for (let call = 0; call < PACED_MS / 1000; call++) {
        const headers = signed(bank, endpoint);
        const start = performance.now();
        const reply = await get(bank, endpoint + PATH, headers);
        times.push(performance.now() - start);
        counts[outcomeOf(reply)] += 1;
        await systemClock.sleep(Math.max(0, 1000 - (performance.now() - start)));
      }
    }),
  );
  return { ...counts, times };
}

function outcomeOf({ status, body }: Reply): 'done' | 'limited' | 'failed' {
  if (status === 200) return 'done';
  return /"code":"(RATE|CONCURRENCY)_LIMITED"/.test(body.toString()) ? 'limited' : 'failed';
}

/** A benchmark of answers that nobody could trust would measure nothing. */
async function assertSigned(url: string, nodeKey: Uint8Array, headers: Record<string, string>, reply: Reply) {
  const { contentDigest } = await verifyResponseHeaders({
    status: reply.status,
    headers: reply.headers,
    request: { method: 'GET', url: url + PATH, headers },
    org: NODE,
    publicKeyFor: () => nodeKey,
    now: Math.floor(Date.now() / 1000),
    maxSkewSeconds: 30,
    maxLifetimeSeconds: 60,
    ed25519: nativeEd25519,
  });
  if (!createHash('sha256').update(reply.body).digest().equals(contentDigest!))
    throw new Error('another body than signed');
}

function get({ agent }: Caller, url: string, headers: Record<string, string>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(url, { agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const received = response.headers as Record<string, string>;
        resolve({ status: response.statusCode ?? 0, headers: received, body: Buffer.concat(parts) });
      });
    });
    call.on('error', reject);
    call.end();
  });
}

function quantile(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function row(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, against: null, ratio: null };
}
