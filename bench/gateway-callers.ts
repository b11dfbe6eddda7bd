/**
 * The banks of `npm run bench -- gateway`, in a process of their own: 200 keep-alive connections that cost little, so that
 * what is measured is the node. Calls are signed beforehand where it is not their signing that is measured.
 *
 * Serves its parent: one task in, one message of figures out, until the parent goes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { signRequestHeaders, verifyResponseHeaders } from '@sealedger/protocol/http-signature.ts';
import { systemClock } from '../deploy/clock.ts';

export interface CallersConfig {
  readonly node: string;
  readonly endpoint: string;
  readonly nodeKey: string;
  readonly banks: readonly { readonly org: string; readonly signing: string }[];
}

/** `ms` in `pace`: between two calls of a bank. */
export type Task =
  | { readonly kind: 'loop'; readonly isSigned: boolean; readonly callers: number; readonly ms: number }
  | { readonly kind: 'waves'; readonly waves: number }
  | { readonly kind: 'pace'; readonly everyMs: number; readonly ms: number };

export interface Figures {
  /** Milliseconds from sending to the answer's last byte, of calls that were answered with 200. */
  readonly times: readonly number[];
  readonly limited: number;
  readonly failed: number;
  readonly seconds: number;
}

interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

interface Call {
  readonly headers: Record<string, string>;
  readonly bytes: Buffer;
}

type Line = (bytes: Buffer) => Promise<Reply>;
type Bank = { readonly org: string; readonly signing: Uint8Array; readonly line: Line };

const PATH = '/v1/status';
const LIFETIME_SECONDS = 120;
/** Signed for a loop beforehand; what a node does not get through is thrown away. */
const SIGNED_PER_SECOND = 5000;

class Tally {
  readonly times: number[] = [];
  limited = 0;
  failed = 0;
  readonly #startMs = performance.now();

  add({ status, body }: Reply, ms: number): void {
    if (status === 200) this.times.push(ms);
    else if (/"code":"(RATE|CONCURRENCY)_LIMITED"/.test(body.toString())) this.limited += 1;
    else this.failed += 1;
  }

  figures(): Figures {
    const { times, limited, failed } = this;
    return { times, limited, failed, seconds: (performance.now() - this.#startMs) / 1000 };
  }
}

function openLine(endpoint: string): Line {
  const { hostname, port } = new URL(endpoint);
  const socket: Socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
  let waiting: PromiseWithResolvers<Reply> | null = null;
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (part) => {
    received = received.length === 0 ? part : Buffer.concat([received, part]);
    const reply = replyIn(received);
    if (reply === null || waiting === null) return;
    received = Buffer.alloc(0);
    waiting.resolve(reply);
    waiting = null;
  });
  const broke = (): void => waiting?.reject(new Error('the node closed a connection'));
  socket.once('error', broke).once('close', broke);
  return (bytes) => {
    waiting = Promise.withResolvers<Reply>();
    socket.write(bytes);
    return waiting.promise;
  };
}

/** One whole answer; null where some of it is still to come. */
function replyIn(received: Buffer): Reply | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = received.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1] ?? 0);
  if (received.length < end + 4 + length) return null;
  return { status: Number(head.slice(9, 12)), head, body: received.subarray(end + 4) };
}

function signedCall(config: CallersConfig, { org, signing }: Bank): Call {
  const created = Math.floor(Date.now() / 1000);
  const headers = signRequestHeaders({
    method: 'GET',
    url: config.endpoint + PATH,
    org,
    keyEpoch: 1,
    created,
    expires: created + LIFETIME_SECONDS,
    nonce: randomBytes(16).toString('hex'),
    sign: (message) => nativeEd25519.sign(message, signing),
  });
  return { headers, bytes: bytesOf(config, PATH, headers) };
}

function bytesOf({ endpoint }: CallersConfig, path: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${new URL(endpoint).host}\r\n${lines.join('')}\r\n`, 'latin1');
}

async function timed(tally: Tally, { line }: Bank, bytes: Buffer): Promise<Reply> {
  const start = performance.now();
  const reply = await line(bytes);
  tally.add(reply, performance.now() - start);
  return reply;
}

/** As many calls as some callers get through one after the other. */
async function loop(config: CallersConfig, banks: readonly Bank[], task: Task & { kind: 'loop' }): Promise<Figures> {
  const health = bytesOf(config, '/healthz', {});
  const each = Math.ceil((SIGNED_PER_SECOND * task.ms) / 1000 / task.callers);
  const rows = banks.slice(0, task.callers).map((bank) => ({
    bank,
    calls: task.isSigned ? Array.from({ length: each }, () => signedCall(config, bank).bytes) : null,
  }));
  const tally = new Tally();
  const until = performance.now() + task.ms;
  await Promise.all(
    rows.map(async ({ bank, calls }) => {
      for (let bytes = next(calls, health); performance.now() < until && bytes; bytes = next(calls, health)) {
        await timed(tally, bank, bytes);
      }
    }),
  );
  return tally.figures();
}

function next(calls: Buffer[] | null, health: Buffer): Buffer | undefined {
  return calls === null ? health : calls.pop();
}

/** All banks at the same instant, again and again; a wave is over with its last answer, each of which is verified. */
async function waves(config: CallersConfig, banks: readonly Bank[], task: Task & { kind: 'waves' }): Promise<Figures> {
  const tally = new Tally();
  for (let wave = 0; wave < task.waves; wave++) {
    const calls = banks.map((bank) => ({ bank, call: signedCall(config, bank) }));
    const replies = await Promise.all(calls.map(({ bank, call }) => timed(tally, bank, call.bytes)));
    for (const [index, reply] of replies.entries())
      if (reply.status === 200) await assertSigned(config, calls[index]!.call, reply);
  }
  return tally.figures();
}

/** Each bank at its own pace, all spread over the interval. */
async function pace(config: CallersConfig, banks: readonly Bank[], task: Task & { kind: 'pace' }): Promise<Figures> {
  const tally = new Tally();
  const each = Math.ceil(task.ms / task.everyMs);
  const rows = banks.map((bank) => ({ bank, calls: Array.from({ length: each }, () => signedCall(config, bank)) }));
  const start = performance.now();
  await Promise.all(
    rows.map(async ({ bank, calls }, index) => {
      for (const [turn, { bytes }] of calls.entries()) {
        const dueMs = start + task.everyMs * (turn + index / banks.length);
        await systemClock.sleep(Math.max(0, dueMs - performance.now()));
        await timed(tally, bank, bytes);
      }
    }),
  );
  return tally.figures();
}

/** A benchmark of answers that nobody could trust would measure nothing. */
async function assertSigned({ endpoint, node, nodeKey }: CallersConfig, call: Call, reply: Reply): Promise<void> {
  const fields = reply.head.split('\r\n').slice(1);
  const headers = fields.map((field) => [field.split(':', 1)[0]!, field.slice(field.indexOf(':') + 1).trim()] as const);
  const { contentDigest } = await verifyResponseHeaders({
    status: reply.status,
    headers,
    request: { method: 'GET', url: endpoint + PATH, headers: call.headers },
    org: node,
    publicKeyFor: () => Buffer.from(nodeKey, 'hex'),
    now: Math.floor(Date.now() / 1000),
    maxSkewSeconds: 30,
    maxLifetimeSeconds: 60,
    ed25519: nativeEd25519,
  });
  if (!createHash('sha256').update(reply.body).digest().equals(contentDigest!))
    throw new Error('another body than signed');
}

async function perform(config: CallersConfig, banks: readonly Bank[], task: Task): Promise<Figures> {
  if (task.kind === 'loop') return loop(config, banks, task);
  return task.kind === 'waves' ? waves(config, banks, task) : pace(config, banks, task);
}

function serve(): void {
  let world: { readonly config: CallersConfig; readonly banks: readonly Bank[] } | null = null;
  process.on('message', (message: { readonly config: CallersConfig } | { readonly task: Task }) => {
    if ('config' in message) {
      const { config } = message;
      const banks = config.banks.map(({ org, signing }) => {
        return { org, signing: Buffer.from(signing, 'hex'), line: openLine(config.endpoint) };
      });
      world = { config, banks };
      return;
    }
    void perform(world!.config, world!.banks, message.task).then((figures) => process.send?.({ figures }));
  });
  process.once('disconnect', () => process.exit(0));
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) serve();
