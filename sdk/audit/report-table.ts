/** Tables of a report: their parts, and their three forms' common words. */
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

/** A time is Unix milliseconds; a code is a word of the catalogue. */
export type Cell = string | number | null | { readonly timeMs: number } | { readonly code: string };

export type ReportTable = {
  /** Stable; its heading is the message `TRAIL_TABLE_<NAME>`. */
  readonly name: keyof typeof tableTitles;
  readonly columns: readonly (keyof typeof columnTitles)[];
  readonly rows: readonly (readonly Cell[])[];
};

export const tableTitles = {
  requesters: 'TRAIL_TABLE_REQUESTERS',
  purposes: 'TRAIL_TABLE_PURPOSES',
  datasets: 'TRAIL_TABLE_DATASETS',
  decisions: 'TRAIL_TABLE_DECISIONS',
  unlockings: 'TRAIL_TABLE_UNLOCKINGS',
  overdue: 'TRAIL_TABLE_OVERDUE',
  requests: 'TRAIL_TABLE_REQUESTS',
  logs: 'TRAIL_TABLE_LOGS',
  findings: 'TRAIL_TABLE_FINDINGS',
} as const satisfies Record<string, ErrorCode>;

export const columnTitles = {
  organisation: 'TRAIL_ORGANISATION',
  purpose: 'TRAIL_PURPOSE',
  dataset: 'TRAIL_DATASET',
  request: 'TRAIL_REQUEST',
  gate: 'TRAIL_GATE',
  requests: 'TRAIL_REQUESTS',
  activated: 'TRAIL_ACTIVATED',
  rejected: 'TRAIL_REJECTED',
  stopped: 'TRAIL_STOPPED',
  unlockings: 'TRAIL_UNLOCKINGS',
  score: 'TRAIL_SCORE',
  approved: 'TRAIL_APPROVED',
  open: 'TRAIL_OPEN',
  overdue: 'TRAIL_OVERDUE',
  medianHours: 'TRAIL_MEDIAN_HOURS',
  waitedHours: 'TRAIL_WAITED_HOURS',
  answer: 'TRAIL_ANSWER',
  submitted: 'TRAIL_SUBMITTED',
  active: 'TRAIL_ACTIVE_SINCE',
  ended: 'TRAIL_ENDED',
  attempts: 'TRAIL_ATTEMPTS',
  state: 'TRAIL_STATE',
  quota: 'TRAIL_QUOTA',
  metered: 'TRAIL_METERED',
  recorded: 'TRAIL_RECORDED',
  results: 'TRAIL_RESULTS',
  events: 'TRAIL_EVENTS',
  anchored: 'TRAIL_ANCHORED',
  verified: 'TRAIL_VERIFIED',
  finding: 'TRAIL_FINDING',
  text: 'TRAIL_TEXT',
  found: 'TRAIL_FOUND',
} as const satisfies Record<string, ErrorCode>;

const words: Readonly<Record<string, ErrorCode>> = {
  submitted: 'TRAIL_STATE_SUBMITTED',
  active: 'TRAIL_STATE_ACTIVE',
  rejected: 'TRAIL_STATE_REJECTED',
  revoked: 'TRAIL_STATE_REVOKED',
  withdrawn: 'TRAIL_STATE_WITHDRAWN',
  completed: 'TRAIL_STATE_COMPLETED',
  expired: 'TRAIL_STATE_EXPIRED',
  suspended: 'TRAIL_STATE_SUSPENDED',
  superseded: 'TRAIL_STATE_SUPERSEDED',
  approved: 'TRAIL_STATE_APPROVED',
  open: 'TRAIL_STATE_OPEN',
  yes: 'TRAIL_YES',
  no: 'TRAIL_NO',
};

/** `2026-11-21 22:35:07` in UTC. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** A cell as a person reads it. */
export function cellText(cell: Cell, locale: Locale): string {
  if (cell === null) return '–';
  if (typeof cell !== 'object') return String(cell);
  if ('timeMs' in cell) return timeText(cell.timeMs);
  const word = words[cell.code];
  return word === undefined ? cell.code : messageFor(word, {}, locale);
}

const TEXT_COLUMNS: ReadonlySet<string> = new Set([
  'organisation',
  'purpose',
  'dataset',
  'request',
  'gate',
  'answer',
  'submitted',
  'active',
  'ended',
  'state',
  'verified',
  'finding',
  'text',
  'found',
]);

/** Whether a column holds numbers, which stand at the right. */
export function isNumeric(column: keyof typeof columnTitles): boolean {
  return !TEXT_COLUMNS.has(column);
}
