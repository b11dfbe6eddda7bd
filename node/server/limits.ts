/**
 * How much anybody may ask of a node: per remote address before a signature is looked at, per organisation and class of
 * route after it.
 *
 * Only what is proven counts for an organisation: a call spends of its budget once signature, membership, role and nonce
 * have held, so that nobody spends another's by naming it or by repeating its calls. An address is all that is known
 * before that; IPv6 counts by /64, which is what one subscriber has.
 */
import { isIPv6 } from 'node:net';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { z } from 'zod';

/** Kinds of work that calls are; each has its own budget, so that reading does not wait behind unlocking. */
export const LIMIT_CLASSES = ['read', 'write', 'transfer', 'unlock', 'relay'] as const;
export type LimitClass = (typeof LIMIT_CLASSES)[number];

const budget = (callsPerSecond: number, concurrent: number) =>
  z
    .strictObject({
      callsPerSecond: z.int().min(1).max(1_000_000).default(callsPerSecond),
      concurrent: z.int().min(1).max(100_000).default(concurrent),
    })
    .prefault({});

export const limitsSchema = z
  .strictObject({
    /** What one remote address may do before it has signed anything. */
    address: z
      .strictObject({
        callsPerSecond: z.int().min(1).max(1_000_000).default(1000),
        burst: z.int().min(1).max(1_000_000).default(2000),
        connections: z.int().min(1).max(100_000).default(256),
      })
      .prefault({}),
    /** Of all addresses together. */
    connections: z.int().min(1).max(100_000).default(4096),
    /** What one organisation may do, for each class of routes. */
    organisation: z
      .strictObject({
        read: budget(500, 64),
        write: budget(100, 32),
        transfer: budget(200, 16),
        unlock: budget(500, 128),
        relay: budget(500, 64),
      })
      .prefault({}),
    /** How slowly a body may come: this long, and a second more for each so many bytes. */
    body: z
      .strictObject({
        graceSeconds: z.number().min(0.1).max(600).default(10),
        bytesPerSecond: z
          .int()
          .min(1024)
          .max(1 << 30)
          .default(256 << 10),
      })
      .prefault({}),
    /** How long the header section may take. */
    headerSeconds: z.number().min(0.1).max(120).default(10),
  })
  .prefault({});
export type LimitsConfig = z.output<typeof limitsSchema>;

export interface Limits {
  readonly config: LimitsConfig;
  /** Takes one call of an address. @throws {ProtocolError} RATE_LIMITED */
  takeAddress(address: string | undefined): void;
  /**
   * Takes one call of an organisation. @returns what ends it.
   * @throws {ProtocolError} RATE_LIMITED, CONCURRENCY_LIMITED
   */
  enter(org: string, scope: LimitClass): Promise<() => void>;
}

const WINDOW_SECONDS = 1;
const RETRY_CONCURRENT_SECONDS = 1;
const MAX_ADDRESSES = 10_000;

export function createLimits(config: LimitsConfig, clock: { now(): number }): Limits {
  const takeAddress = addressBuckets(config.address, clock);
  const running = new Map<string, number>();
  const rates = Object.fromEntries(
    LIMIT_CLASSES.map((scope) => [
      scope,
      new RateLimiterMemory({ points: config.organisation[scope].callsPerSecond, duration: WINDOW_SECONDS }),
    ]),
  ) as Record<LimitClass, RateLimiterMemory>;
  return {
    config,
    takeAddress: (address) => {
      // calls that a relay hands over come through no socket; the relay has counted them, and each is signed
      if (address !== undefined) takeAddress(addressKey(address));
    },
    enter: async (org, scope) => {
      await takeRate(rates[scope], org, scope);
      const key = `${scope}/${org}`;
      const now = running.get(key) ?? 0;
      if (now >= config.organisation[scope].concurrent) {
        throw new ProtocolError('CONCURRENCY_LIMITED', { scope, retryAfterSeconds: RETRY_CONCURRENT_SECONDS });
      }
      running.set(key, now + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = running.get(key)! - 1;
        if (left === 0) running.delete(key);
        else running.set(key, left);
      };
    },
  };
}

/** What counts as one sender. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length);
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

async function takeRate(limiter: RateLimiterMemory, org: string, scope: LimitClass): Promise<void> {
  try {
    await limiter.consume(org);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw new ProtocolError('RATE_LIMITED', { scope, retryAfterSeconds: wholeSeconds(refused.msBeforeNext) });
  }
}

/** Token buckets; a bucket that is full again is forgotten, so that only addresses at work take room. */
function addressBuckets({ callsPerSecond, burst }: LimitsConfig['address'], clock: { now(): number }) {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const refilled = ({ tokens, atMs }: { readonly tokens: number; readonly atMs: number }, nowMs: number): number =>
    Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * callsPerSecond) / 1000);
  const forget = (nowMs: number): void => {
    for (const [key, bucket] of buckets) if (refilled(bucket, nowMs) >= burst) buckets.delete(key);
    // more addresses at once than a member has: the oldest begin anew, which is all that they gain
    for (const key of buckets.keys()) {
      if (buckets.size < MAX_ADDRESSES) break;
      buckets.delete(key);
    }
  };
  return (key: string): void => {
    const nowMs = clock.now();
    const known = buckets.get(key);
    if (known === undefined && buckets.size >= MAX_ADDRESSES) forget(nowMs);
    const tokens = known === undefined ? burst : refilled(known, nowMs);
    buckets.set(key, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
    if (tokens < 1) {
      const retryAfterSeconds = wholeSeconds((1000 * (1 - tokens)) / callsPerSecond);
      throw new ProtocolError('RATE_LIMITED', { scope: 'address', retryAfterSeconds });
    }
  };
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
