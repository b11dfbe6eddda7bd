/** The run's figures: error and AUC against the cleartext, `report.json`, and the closing table. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { Exposure } from '@sealedger/protocol/model-exposure.ts';
import { displayWidth } from '@sealedger/sdk/audit/report-text.ts';
import type { MeasuredQuality } from './quality.ts';
import type { Applicant, ScenarioFiles } from './scenario-files.ts';

export interface Quality {
  readonly maxAbsError: number | null;
  readonly auc: number | null;
  readonly cleartextAuc: number | null;
}

export interface Report extends Quality {
  readonly people: number;
  readonly applicants: number;
  readonly scored: number;
  readonly notInRegister: number;
  readonly features: number;
  /** Phase to seconds. */
  readonly phases: Readonly<Record<string, number>>;
  /** Link to bytes. */
  readonly bytes: Readonly<Record<string, number>>;
  /** Process to MB. */
  readonly peakRssMb: Readonly<Record<string, number>>;
  readonly chain: { readonly chainId: number; readonly blocks: number; readonly transactions: number };
  readonly evidence: { readonly events: number; readonly checkpoints: number; readonly bundles: number };
  /** Null where the chain knows no regulator. */
  readonly certificate: CertificateFigures | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** Scores of `scores.csv` by subject. */
export async function readScores(out: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await readFile(join(out, 'scores.csv'), 'utf8')).trimEnd().split('\n').slice(1);
  const cells = lines.map((line) => line.split(','));
  return new Map(
    cells.filter(([, , status]) => status === 'scored').map(([subject, score]) => [subject!, Number(score)]),
  );
}

/**
 * Compares with the cleartext.
 * @param expected - cleartext scores, null where the scenario has none.
 */
export function assessQuality(
  files: ScenarioFiles,
  applicants: readonly Applicant[],
  scores: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, number> | null,
): Quality {
  const labelField = files.scenario.bank.label;
  const labels = new Map(
    applicants.flatMap(({ subject, cells }) =>
      labelField === undefined ? [] : [[subject, cells[labelField] === '1'] as const],
    ),
  );
  let maxAbsError: number | null = null;
  for (const [subject, score] of expected ?? []) {
    const own = scores.get(subject);
    maxAbsError = Math.max(maxAbsError ?? 0, own === undefined ? Number.POSITIVE_INFINITY : Math.abs(own - score));
  }
  return {
    maxAbsError,
    auc: areaUnderCurve(scores, labels),
    cleartextAuc: expected === null ? null : areaUnderCurve(expected, labels),
  };
}

/** Area under the ROC curve by ranks, ties at their mean rank; null without both classes. Source: Mann and Whitney 1947. */
export function areaUnderCurve(
  scores: ReadonlyMap<string, number>,
  labels: ReadonlyMap<string, boolean>,
): number | null {
  const rows = [...scores]
    .filter(([subject]) => labels.has(subject))
    .map(([subject, score]) => ({ score, positive: labels.get(subject)! }));
  rows.sort((a, b) => a.score - b.score);
  const positives = rows.filter(({ positive }) => positive).length;
  const negatives = rows.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let rankSum = 0;
  for (let first = 0; first < rows.length; ) {
    let end = first;
    while (end < rows.length && rows[end]!.score === rows[first]!.score) end += 1;
    const meanRank = (first + 1 + end) / 2;
    rankSum += meanRank * rows.slice(first, end).filter(({ positive }) => positive).length;
    first = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** What the regulator's process found; null where the chain knows no regulator. */
export type AuditFigures = {
  readonly requests: number;
  readonly events: number;
  readonly nodes: number;
  readonly findings: number;
} | null;

/** What the regulator may say of the certified model: how near it comes to a single feature, and the certificate's digest. */
export type CertificateFigures = Exposure & { readonly certificateHash: string };

/** The figures for the message RUN_CERTIFIED. */
export function certificateDetails(figures: CertificateFigures): Readonly<Record<string, string | number>> {
  const { effectiveFeatures, featureLeverage, partyLeverage, rank, certificateHash } = figures;
  const percent = (share: number): string => (100 * share).toFixed(1);
  return {
    effective: effectiveFeatures.toFixed(1),
    feature: percent(featureLeverage),
    party: percent(partyLeverage),
    rank,
    certificateHash: certificateHash.slice(0, 12),
  };
}

/** Datasets and their scores in words. */
export function scoresText(scores: readonly MeasuredQuality[]): string {
  return scores.map(({ dataset, score }) => `${dataset} ${score.toFixed(2)}`).join(', ');
}

/** The closing table. */
export function closingTable(
  files: ScenarioFiles,
  report: Report,
  { audit, scores }: { readonly audit: AuditFigures; readonly scores: readonly MeasuredQuality[] },
  locale: Locale,
): string {
  const say = (code: Parameters<typeof messageFor>[0], details: Readonly<Record<string, unknown>> = {}): string =>
    messageFor(code, details, locale);
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);
  const { scenario } = files;
  const opened = report.scored + report.notInRegister;
  const links = [...scenario.departments.map(({ node }) => node), ...files.gates];
  const featuresOf = (node: string): number => files.model.features.filter((feature) => feature.party === node).length;
  const seconds = Object.entries(report.phases).map(([phase, time]) => `${phase} ${time.toFixed(1)} s`);
  const rows: readonly (readonly [string, string])[] = [
    [
      say('RUN_TABLE_RESULT'),
      say('RUN_TABLE_SCORED', {
        scored: report.scored,
        strangers: report.notInRegister,
        maxAbsError: report.maxAbsError?.toExponential(1) ?? '–',
        auc: report.auc?.toFixed(6) ?? '–',
        cleartextAuc: report.cleartextAuc?.toFixed(6) ?? '–',
      }),
    ],
    [say('RUN_TABLE_QUALITY'), scoresText(scores)],
    [
      say('RUN_TABLE_CERTIFICATE'),
      report.certificate === null
        ? say('RUN_NO_REGULATOR')
        : say('RUN_CERTIFIED', certificateDetails(report.certificate)),
    ],
    [say('RUN_TABLE_TIME'), seconds.join(', ')],
    [say('RUN_TABLE_TRAIL'), say('RUN_TABLE_EVENTS', { ...report.evidence, ...report.chain })],
    [say('RUN_TABLE_REGULATOR'), audit === null ? say('RUN_NO_REGULATOR') : say('RUN_AUDIT', audit)],
    ...[...new Set(links)].map((node): readonly [string, string] => [
      `${say('RUN_TABLE_BYTES')} ${node}`,
      say('RUN_TABLE_SENT', {
        sent: megabytes(report.bytes[`${scenario.bank.node}→${node}`] ?? 0),
        received: megabytes(report.bytes[`${node}→${scenario.bank.node}`] ?? 0),
      }),
    ]),
  ];
  const learned: readonly (readonly [string, string])[] = [
    [scenario.bank.node, say('RUN_LEARNED_BANK', { opened })],
    ...scenario.departments.map(({ node }): readonly [string, string] => [
      node,
      say('RUN_LEARNED_DEPARTMENT', { features: featuresOf(node) }),
    ]),
    ...files.gates.map((node): readonly [string, string] => [node, say('RUN_LEARNED_GATE', { opened })]),
    ...(report.certificate === null ? [] : [['regulator', say('RUN_LEARNED_CERTIFIER')] as const]),
    ['chain', say('RUN_LEARNED_CHAIN')],
  ];
  return [...table(rows), '', say('RUN_TABLE_LEARNED'), ...table(learned)].join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => displayWidth(name)));
  return rows.map(([name, text]) => `  ${name}${' '.repeat(width - displayWidth(name))}  ${text}`);
}
