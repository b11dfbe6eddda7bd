/**
 * Scores over time: what was measured of each version, by dimension and by unit, and who stands where.
 *
 * An entry is written in the transaction of its `quality` event, so history and log say the same.
 */
import type { StateStore } from '../ports.ts';
import type { Dimension } from './rule.ts';

export interface HistoryEntry {
  readonly dataset: string;
  readonly versionId: string;
  readonly version: number;
  /** Counts the scores of a version from 1, as the chain does. */
  readonly round: number;
  /** When it was measured, in milliseconds since the epoch. */
  readonly at: number;
  readonly ruleSetHash: string;
  readonly ruleSetVersion: number;
  readonly reportHash: string;
  readonly scoreBasisPoints: number;
  readonly rows: number;
  readonly failing: number;
  readonly dimensions: readonly { readonly dimension: Dimension; readonly basisPoints: number }[];
  /** Stays at home: units are nobody else's business. */
  readonly units: readonly { readonly unit: string; readonly basisPoints: number; readonly failingRows: number }[];
}

/** One line of a ranking; equal scores have one place. */
export interface RankedScore {
  readonly place: number;
  readonly name: string;
  /** Dataset of a unit; null in a ranking of datasets. */
  readonly dataset: string | null;
  readonly basisPoints: number;
  /** Against the score before; null where there is none. */
  readonly change: number | null;
  readonly at: number;
}

const TIME_DIGITS = 15;
const prefix = (dataset: string): string => `quality-history/${dataset}/`;

export function historyKey({ dataset, at, reportHash }: HistoryEntry): string {
  return `${prefix(dataset)}${String(at).padStart(TIME_DIGITS, '0')}-${reportHash}`;
}

/** Entries of a dataset, or of all datasets, oldest first within each. */
export async function historyOf(state: StateStore, dataset?: string): Promise<readonly HistoryEntry[]> {
  const entries = await state.list<HistoryEntry>(dataset === undefined ? 'quality-history/' : prefix(dataset));
  return entries.map(([, entry]) => entry);
}

/** Datasets by their latest scores, the best first. */
export function rankDatasets(history: readonly HistoryEntry[]): readonly RankedScore[] {
  return ranked(
    [...groupBy(history, ({ dataset }) => dataset).values()].map((entries) => {
      const scores = entries.map(({ scoreBasisPoints }) => scoreBasisPoints);
      return { name: entries.at(-1)!.dataset, dataset: null, at: entries.at(-1)!.at, ...latest(scores) };
    }),
  );
}

/** Units of all datasets, or of one, by their latest scores. */
export function rankUnits(history: readonly HistoryEntry[]): readonly RankedScore[] {
  const series = history.flatMap(({ dataset, at, units }) => units.map((unit) => ({ dataset, at, ...unit })));
  return ranked(
    [...groupBy(series, ({ dataset, unit }) => JSON.stringify([dataset, unit])).values()].map((entries) => {
      const { unit: name, dataset, at } = entries.at(-1)!;
      return { name, dataset, at, ...latest(entries.map(({ basisPoints }) => basisPoints)) };
    }),
  );
}

/** Scores of one dimension or, without one, of the total, as a line over time. */
export function seriesOf(
  history: readonly HistoryEntry[],
  dimension?: Dimension,
): readonly { readonly at: number; readonly basisPoints: number }[] {
  return history.flatMap(({ at, scoreBasisPoints, dimensions }) => {
    const basisPoints =
      dimension === undefined
        ? scoreBasisPoints
        : dimensions.find((candidate) => candidate.dimension === dimension)?.basisPoints;
    return basisPoints === undefined ? [] : [{ at, basisPoints }];
  });
}

function latest(scores: readonly number[]): { readonly basisPoints: number; readonly change: number | null } {
  const basisPoints = scores.at(-1)!;
  const before = scores.at(-2);
  return { basisPoints, change: before === undefined ? null : basisPoints - before };
}

function ranked(lines: readonly Omit<RankedScore, 'place'>[]): readonly RankedScore[] {
  const sorted = lines.toSorted((a, b) => b.basisPoints - a.basisPoints || (a.name < b.name ? -1 : 1));
  return sorted.map((line) => ({
    ...line,
    place: 1 + sorted.findIndex((other) => other.basisPoints === line.basisPoints),
  }));
}

function groupBy<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(name(item));
    if (group === undefined) groups.set(name(item), [item]);
    else group.push(item);
  }
  return groups;
}
