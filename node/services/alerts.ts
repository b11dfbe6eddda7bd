/**
 * Alerts of the node about itself: each is logged once when it comes up and once when it is over, over restarts as well.
 *
 * Whether one stands is kept in the node's state, in the transaction of the event that says so.
 */
import { statfs } from 'node:fs/promises';
import type { AnchorStatus } from '../evidence/anchor.ts';
import type { Clock, EventLog, StateStore } from '../ports.ts';

export const alertCodes = ['backlog', 'chain', 'disk'] as const;
export type AlertSubject = (typeof alertCodes)[number];

/** What the log says when an alert comes up, and when it is over. */
const WORDS: Readonly<Record<AlertSubject, readonly [raised: string, over: string]>> = {
  backlog: ['backlog.high', 'backlog.over'],
  chain: ['chain.away', 'chain.back'],
  disk: ['disk.low', 'disk.over'],
};

/** The chain may be away so long before it is worth a word. */
const AWAY_MS = 60_000;
/** An alert of the backlog is over at this share of its limit: well below where it comes up. */
const BACKLOG_OVER = 0.35;
const MIN_FREE_BYTES = 512 << 20;
/** Over again with so much more, so that it does not come and go. */
const FREE_AGAIN = 1.5;

export interface AlertParts {
  readonly state: StateStore;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly anchoring: () => Promise<AnchorStatus>;
  /** Milliseconds since the epoch of the last look that reached the chain; null before the first. */
  readonly lastSeenAt: () => number | null;
  readonly freeBytes: () => Promise<number>;
}

export interface Alerts {
  /** Looks once; logs what changed. */
  tick(): Promise<void>;
  /** Codes of the alerts that stand. */
  standing(): Promise<readonly string[]>;
}

type Stored = { readonly stands: boolean; readonly times: number };
type Reading = { readonly comesUp: boolean; readonly isOver: boolean; readonly count: number };

export function createAlerts(parts: AlertParts): Alerts {
  const startedAt = parts.clock.now();
  return {
    tick: async () => {
      for (const [subject, reading] of await readings(parts, startedAt)) await settle(parts, subject, reading);
    },
    standing: async () => {
      const stored = await Promise.all(alertCodes.map((subject) => storedOf(parts.state, subject)));
      return alertCodes.filter((_, i) => stored[i]!.stands).map((subject) => WORDS[subject][0]);
    },
  };
}

async function readings(parts: AlertParts, startedAt: number): Promise<readonly (readonly [AlertSubject, Reading])[]> {
  const { backlog, backlogLimit, isWarning } = await parts.anchoring();
  const awayMs = parts.clock.now() - (parts.lastSeenAt() ?? startedAt);
  const free = await parts.freeBytes();
  return [
    ['backlog', { comesUp: isWarning, isOver: backlog < BACKLOG_OVER * backlogLimit, count: backlog }],
    ['chain', { comesUp: awayMs >= AWAY_MS, isOver: awayMs < AWAY_MS, count: Math.floor(awayMs / 1000) }],
    ['disk', { comesUp: free < MIN_FREE_BYTES, isOver: free > FREE_AGAIN * MIN_FREE_BYTES, count: free }],
  ];
}

async function settle({ state, events }: AlertParts, subject: AlertSubject, reading: Reading): Promise<void> {
  const { stands, times } = await storedOf(state, subject);
  if (stands ? !reading.isOver : !reading.comesUp) return;
  const next: Stored = { stands: !stands, times: times + 1 };
  const code = WORDS[subject][stands ? 1 : 0];
  await events.append(
    'alert',
    { code, count: reading.count },
    { id: `alert/${subject}/${next.times}`, operations: [{ type: 'put', key: keyOf(subject), value: next }] },
  );
}

async function storedOf(state: StateStore, subject: AlertSubject): Promise<Stored> {
  return (await state.get<Stored>(keyOf(subject))) ?? { stands: false, times: 0 };
}

function keyOf(subject: AlertSubject): string {
  return `alert/${subject}`;
}

/** Bytes that this process may still write to the file system of `directory`. */
export async function freeBytesAt(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
