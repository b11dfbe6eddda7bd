/**
 * `sealedger-node quality …`: runs rules, prints reports, scores over time, rankings, points and schedules.
 *
 * Exit 0 where it is done, 1 where a run ends with a rule that is not met, 2 for usage and refusals.
 */
import type { z } from 'zod';
import type { QualityReport } from '../quality/report.ts';
import { DIMENSION_WORDS, POINT_WORDS, pointsText } from '../quality/report-words.ts';
import { ruleSetHash } from '../quality/rule.ts';
import { readRuleSet } from '../quality/rule-set.ts';
import { qualityContracts } from '../services/admin-quality.ts';
import type { rankView } from '../services/quality-views.ts';
import {
  type AdminCall,
  columns,
  numberOption,
  runVerb,
  tell,
  type Verb,
  type Words,
  wordsIn,
} from './call-options.ts';
import { EXIT_DONE, EXIT_FAILED, type NodeCommand } from './command.ts';

const OPTIONS = ['sample', 'format', 'report', 'of', 'dataset'] as const;

const verbs: Readonly<Record<string, Verb>> = {
  run: (call) => runRules(call, 'run'),
  check: (call) => runRules(call, 'check'),
  rules: checkRules,
  report: printReport,
  dqv: printDqv,
  history: printHistory,
  ranking: printRanking,
  points: printPoints,
  schedule: printSchedule,
};

/** Runs one verb. */
export const qualityCommand: NodeCommand = (argv, io) => runVerb(argv, io, verbs, OPTIONS, 'QUALITY_USAGE');

async function runRules(call: AdminCall, verb: 'run' | 'check'): Promise<number> {
  const dataset = call.word(0, 'DATASET');
  const sampleRows = numberOption(call, 'sample');
  const input = { dataset, ...(sampleRows === undefined ? {} : { sampleRows }) };
  const answer =
    verb === 'run' ? await call.ask(qualityContracts.run, input) : await call.ask(qualityContracts.check, input);
  await tell(call, answer, reportText(answer.report, wordsIn(call.io.locale)));
  return answer.report.rules.every(({ met }) => met) ? EXIT_DONE : EXIT_FAILED;
}

/** Checks a rule file without a node. */
async function checkRules(call: AdminCall): Promise<number> {
  const ruleSet = await readRuleSet(call.word(0, 'FILE'));
  const found = {
    ruleSet: ruleSet.ruleSet,
    version: ruleSet.version,
    dataset: ruleSet.dataset,
    rules: ruleSet.rules.length,
    hash: ruleSetHash(ruleSet),
  };
  return tell(call, found, `${wordsIn(call.io.locale)('QUALITY_RULES_FINE', found)}\n`);
}

async function printReport(call: AdminCall): Promise<number> {
  const reportHash = call.option('report');
  const { locale } = call.io;
  const input = { dataset: call.word(0, 'DATASET'), locale, ...(reportHash === undefined ? {} : { reportHash }) };
  const { report, html } = await call.ask(qualityContracts.report, input);
  return tell(call, report, call.option('format') === 'html' ? html : reportText(report, wordsIn(locale)));
}

/** The report as W3C DQV, JSON-LD. */
async function printDqv(call: AdminCall): Promise<number> {
  const reportHash = call.option('report');
  const input = { dataset: call.word(0, 'DATASET'), ...(reportHash === undefined ? {} : { reportHash }) };
  const { dqv } = await call.ask(qualityContracts.report, input);
  return tell(call, dqv, `${JSON.stringify(dqv, null, 2)}\n`);
}

async function printHistory(call: AdminCall): Promise<number> {
  const words = wordsIn(call.io.locale);
  const dataset = call.positionals[0];
  const answer = await call.ask(qualityContracts.history, dataset === undefined ? {} : { dataset });
  const rows = answer.entries.map((entry) => [
    entry.measuredAt,
    entry.dataset,
    words('REPORT_VERSION', { version: entry.version }),
    words('REPORT_ROUND', { round: entry.round }),
    pointsText(entry.scoreBasisPoints),
    entry.dimensions
      .map(({ dimension, basisPoints }) => `${words(DIMENSION_WORDS[dimension])} ${pointsText(basisPoints)}`)
      .join(', '),
  ]);
  return tell(call, answer, orNone(rows, words));
}

async function printRanking(call: AdminCall): Promise<number> {
  const dataset = call.option('dataset');
  const of = call.option('of') === 'units' ? ('units' as const) : ('datasets' as const);
  const answer = await call.ask(qualityContracts.ranking, { of, ...(dataset === undefined ? {} : { dataset }) });
  return tell(call, answer, orNone(answer.lines.map(rankRow), wordsIn(call.io.locale)));
}

function rankRow({ place, name, dataset, basisPoints, change }: z.output<typeof rankView>): string[] {
  const sign = change === null || change === 0 ? '' : `${change > 0 ? '+' : ''}${(change / 100).toFixed(2)}`;
  return [String(place), name, dataset ?? '', pointsText(basisPoints), sign];
}

async function printPoints(call: AdminCall): Promise<number> {
  const words = wordsIn(call.io.locale);
  const dataset = call.positionals[0];
  const answer = await call.ask(qualityContracts.points, dataset === undefined ? {} : { dataset });
  const rows = answer.entries.map(({ at, dataset: name, cause, unit, points, total }) => [
    at,
    name,
    words(POINT_WORDS[cause]),
    unit ?? '',
    `${points > 0 ? '+' : ''}${points}`,
    String(total),
  ]);
  return tell(call, answer, `${orNone(rows, words)}${words('POINTS_RULE', { hash: answer.ruleHash })}\n`);
}

async function printSchedule(call: AdminCall): Promise<number> {
  const words = wordsIn(call.io.locale);
  const answer = await call.ask(qualityContracts.schedule, {});
  const rows = answer.schedules.map(({ dataset, schedule, timeZone, next, missed, lastFailure }) => [
    dataset,
    schedule,
    timeZone,
    next ?? '–',
    words('SCHEDULE_MISSED', { missed }),
    lastFailure ?? '',
  ]);
  return tell(call, answer, orNone(rows, words));
}

function orNone(rows: readonly (readonly string[])[], words: Words): string {
  return rows.length === 0 ? `${words('REPORT_NONE')}\n` : columns(rows);
}

/** The report in a few lines for a terminal. */
function reportText({ dataset, datasetVersion, score, dimensions, rules }: QualityReport, words: Words): string {
  const head = `${dataset} ${words('REPORT_VERSION', { version: datasetVersion })}: ${words('REPORT_SCORE')} ${pointsText(score.basisPoints)}\n`;
  const parts = dimensions.map(({ dimension, basisPoints }) => [
    words(DIMENSION_WORDS[dimension]),
    pointsText(basisPoints),
  ]);
  const failing = rules
    .filter((rule) => rule.failing > 0)
    .map((rule) => [
      rule.id,
      `${rule.failing} / ${rule.checked}`,
      words(rule.met ? 'REPORT_MET' : 'REPORT_NOT_MET'),
      rule.fields.join(', '),
    ]);
  return `${head}${columns(parts)}${failing.length === 0 ? '' : `${words('REPORT_FAILING')}:\n${columns(failing)}`}`;
}
