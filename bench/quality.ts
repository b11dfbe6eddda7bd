/**
 * Rule sets against tables with known truth: which wrong cells they find, per table and dimension, and how often the repairs
 * that are proposed for them are right.
 *
 * Precision and recall are of cells. Those of a dimension count the cells that its rules flag against all wrong cells, so
 * that their recalls say who finds what. Repairs count as right where the proposed text is the true one, letter by letter.
 */
import {
  type CellReport,
  DIRTY_TABLES,
  rulesOf,
  type Score,
  scoreTable,
  sharedData,
} from '../test/quality/support/cell-score.ts';
import type { BenchRow } from './bench-row.ts';

const CONFIDENCE_BINS = [0, 5000, 7000, 8000, 9000, 9500, 10_000] as const;

/** Runs every rule set; about 10 s. @throws {Error} where shared/data is not beside the repository. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const repairs: CellReport['repairs'][number][] = [];
  for (const { name, folder, baseline } of DIRTY_TABLES) {
    const [dirty, clean] = [sharedData(folder, 'dirty.csv'), sharedData(folder, 'clean.csv')];
    if (dirty === undefined || clean === undefined) throw new Error(`../shared/data/${folder} is not there`);
    const report = await scoreTable(dirty, clean, await rulesOf(name));
    rows.push(...tableRows(name, report, baseline));
    repairs.push(...report.repairs);
  }
  return [...rows, ...calibrationRows(repairs)];
}

function tableRows(name: string, report: CellReport, baseline: number | null): BenchRow[] {
  const f1 = report.all.f1;
  const against = baseline === null ? null : `functional dependencies, F1 ${baseline}`;
  const right = report.repairs.filter((repair) => repair.right).length;
  return [
    { what: `${name}: F1`, value: f1, unit: 'of 1', against, ratio: baseline === null ? null : f1 / baseline },
    ...scoreRows(name, report.all).slice(0, 2),
    ...[...report.byDimension].toSorted().flatMap(([dimension, score]) => scoreRows(`${name}, ${dimension}`, score)),
    plain(`${name}: repairs proposed`, report.repairs.length, 'cells'),
    plain(`${name}: repair precision`, right / Math.max(1, report.repairs.length), 'of 1'),
    plain(`${name}: repair recall`, right / Math.max(1, report.wrong), 'of 1'),
  ];
}

function scoreRows(what: string, { precision, recall, f1 }: Score): BenchRow[] {
  return [
    plain(`${what}: precision`, precision, 'of 1'),
    plain(`${what}: recall`, recall, 'of 1'),
    plain(`${what}: F1`, f1, 'of 1'),
  ];
}

/** How often proposals are right, by the confidence that they were given. */
function calibrationRows(repairs: readonly CellReport['repairs'][number][]): BenchRow[] {
  const binned = CONFIDENCE_BINS.slice(1).map((end, i) => {
    const start = CONFIDENCE_BINS[i]!;
    const inside = repairs.filter(({ confidence }) => confidence >= start && confidence < end);
    const right = inside.filter((repair) => repair.right).length;
    const said = inside.reduce((sum, { confidence }) => sum + confidence, 0) / 10_000;
    return { start, end, count: inside.length, right, said };
  });
  const error = binned.reduce((sum, { right, said }) => sum + Math.abs(right - said), 0) / Math.max(1, repairs.length);
  return [
    ...binned
      .filter(({ count }) => count > 0)
      .flatMap(({ start, end, count, right, said }) => [
        plain(`repairs of confidence ${start / 100} to ${end / 100} %: right (${count} cells)`, right / count, 'of 1'),
        plain(`repairs of confidence ${start / 100} to ${end / 100} %: mean confidence`, said / count, 'of 1'),
      ]),
    plain('repairs: expected calibration error', error, 'of 1'),
  ];
}

function plain(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, against: null, ratio: null };
}
