/**
 * Signed calls against one real node on loopback: how many per second, what one costs the node, what the signatures cost,
 * and how long 200 banks wait.
 *
 * Two forms of "200 banks at once": a burst, in which all 200 send at the same instant, so that the last waits for 199
 * others and only throughput helps; and each bank at its own pace. The callers are another process on the same machine.
 * CPU of the node is user time of its whole process and holds on a busy machine too; wall times hold on a quiet one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { signRequestHeaders, verifyRequestHeaders } from '@sealedger/protocol/http-signature.ts';
import { BANKS, type Caller, NODE, startWorld, type World } from '../test/transport/support/one-node.ts';
import type { BenchRow } from './bench-row.ts';
import type { CallersConfig, Figures, Task } from './gateway-callers.ts';

const WAVES = 30;
const LOOP_MS = 4000;
const LOOP_CALLERS = 32;
const PACED_MS = 5000;
const PACES_MS = [1000, 200] as const;
const SIGNATURES = 3000;
const PATH = '/v1/status';

type Measured = Figures & { readonly userUs: number; readonly systemUs: number };

export async function run(): Promise<BenchRow[]> {
  const world = await startWorld();
  const callers = await startCallers(world);
  try {
    const signatures = await signatureCosts(world);
    const measure = (task: Task): Promise<Measured> => measured(world, callers, task);
    await measure({ kind: 'waves', waves: 5 });
    const loop = { kind: 'loop', callers: LOOP_CALLERS, ms: LOOP_MS } as const;
    const unsigned = await measure({ ...loop, isSigned: false });
    const signed = await measure({ ...loop, isSigned: true });
    const waves = await measure({ kind: 'waves', waves: WAVES });
    const paced: Measured[] = [];
    for (const everyMs of PACES_MS) paced.push(await measure({ kind: 'pace', everyMs, ms: PACED_MS }));
    const all = [unsigned, signed, waves, ...paced];
    return [
      row('signing a call', signatures.signUs, 'µs'),
      row('verifying a call', signatures.verifyUs, 'µs'),
      row('signatures of a call at the node: one verified, one made', signatures.nodeUs, 'µs'),
      row(`calls without signatures, ${LOOP_CALLERS} callers`, perSecond(unsigned), 'per second'),
      row('node’s CPU for one, user and system', unsigned.userUs + unsigned.systemUs, 'µs'),
      row(`signed status calls, ${LOOP_CALLERS} callers`, perSecond(signed), 'per second'),
      row('node’s CPU for one, user', signed.userUs, 'µs'),
      row('node’s CPU for one, system', signed.systemUs, 'µs'),
      ...latencies(`${BANKS} banks at the same instant`, waves),
      ...PACES_MS.flatMap((everyMs, i) => latencies(`${BANKS} banks, each every ${everyMs} ms`, paced[i]!)),
      row('calls refused by declared limits', sum(all, 'limited'), 'calls'),
      row('calls that failed otherwise', sum(all, 'failed'), 'calls'),
    ];
  } finally {
    callers.kill();
    await world.end();
  }
}

async function startCallers({ endpoint, nodeKey, banks }: World): Promise<ChildProcess> {
  const callers = fork(fileURLToPath(new URL('gateway-callers.ts', import.meta.url)), { execArgv: [] });
  await once(callers, 'spawn');
  const config: CallersConfig = {
    node: NODE,
    endpoint,
    nodeKey: toHex(nodeKey),
    banks: banks.map(({ org, signing }) => ({ org, signing: toHex(signing) })),
  };
  callers.send({ config });
  return callers;
}

/** Performs a task; CPU of the node for one call, signing of the callers not included. */
async function measured(world: World, callers: ChildProcess, task: Task): Promise<Measured> {
  const before = await world.cpu();
  callers.send({ task });
  const [outcome] = await Promise.race([once(callers, 'message'), once(callers, 'exit')]);
  if (typeof outcome !== 'object') throw new Error('the callers ended early');
  const { figures } = outcome as { readonly figures: Figures };
  const after = await world.cpu();
  const calls = Math.max(1, figures.times.length);
  return { ...figures, userUs: (after.user - before.user) / calls, systemUs: (after.system - before.system) / calls };
}

async function signatureCosts({ banks, endpoint }: World) {
  const [caller] = banks;
  const publicKey = nativeEd25519.publicKey(caller!.signing);
  const calls = Array.from({ length: SIGNATURES }, () => signed(caller!, endpoint));
  let start = process.cpuUsage();
  for (let index = 0; index < SIGNATURES; index++) signed(caller!, endpoint);
  const signUs = process.cpuUsage(start).user / SIGNATURES;
  start = process.cpuUsage();
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
  const verifyUs = process.cpuUsage(start).user / SIGNATURES;
  return { signUs, verifyUs, nodeUs: signUs + verifyUs };
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

function perSecond({ times, seconds }: Figures): number {
  return times.length / seconds;
}

function latencies(who: string, figures: Measured): BenchRow[] {
  return [
    row(`${who}, p50`, quantile(figures.times, 0.5), 'ms'),
    row(`${who}, p99`, quantile(figures.times, 0.99), 'ms'),
    row(`${who}, node’s CPU for a call, user`, figures.userUs, 'µs'),
  ];
}

function sum(all: readonly Figures[], key: 'limited' | 'failed'): number {
  return all.reduce((total, figures) => total + figures[key], 0);
}

function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function row(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, against: null, ratio: null };
}
