/** The report as one HTML file for people: nothing is loaded from elsewhere, and it reads as well on paper. */
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { HistoryEntry } from './history.ts';
import { type QualityReport, type RuleReport, reportHash } from './report.ts';
import { escapeHtml, radarChart, trendChart } from './report-chart.ts';
import { REPORT_STYLE } from './report-style.ts';
import { DIMENSION_WORDS, ORDER_WORDS, pointsText, SEVERITY_WORDS } from './report-words.ts';
import { DIMENSIONS } from './rule.ts';
import { isOpen, isOverdue, type WorkOrder } from './work-order.ts';
import { dayOf } from './working-days.ts';

export interface ReportContext {
  readonly locale: Locale;
  readonly timeZone: string;
  /** Time of printing, in milliseconds since the epoch: what is overdue depends on it. */
  readonly now: number;
  /** Scores of the dataset up to this report, oldest first. */
  readonly history: readonly HistoryEntry[];
  /** Orders of the dataset. */
  readonly orders: readonly WorkOrder[];
}

type Words = (code: ErrorCode, details?: Readonly<Record<string, string | number>>) => string;

/** Longest list of orders on paper; the JSON report has no limit. */
const MAX_ORDERS = 200;

export function reportHtml(report: QualityReport, context: ReportContext): string {
  const { locale } = context;
  const words: Words = (code, details = {}) => escapeHtml(messageFor(code, details, locale));
  const title = `${words('REPORT_TITLE')} – ${escapeHtml(report.dataset)} ${words('REPORT_VERSION', { version: report.datasetVersion })}`;
  const sections = [
    heading(report, context, words),
    dimensionSection(report, words, locale),
    trendSection(context, words),
    ruleSection(report, words, locale),
    unitSection(report, words),
    orderSection(context, words),
    evidenceSection(report, context, words),
  ];
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${REPORT_STYLE}</style>
</head>
<body><main>
${sections.join('\n')}
</main></body>
</html>
`;
}

function heading(report: QualityReport, context: ReportContext, words: Words): string {
  const { score, ruleSet } = report;
  const facts: readonly (readonly [string, string])[] = [
    [words('REPORT_OWNER'), escapeHtml(report.org)],
    [words('REPORT_MEASURED'), escapeHtml(momentText(Date.parse(report.measuredAt), context))],
    [words('REPORT_RULE_SET'), `${escapeHtml(ruleSet.name)} ${words('REPORT_VERSION', { version: ruleSet.version })}`],
    [words('REPORT_ROWS'), numberText(report.rows, context.locale)],
    ...(report.sampledRows === null
      ? []
      : [[words('REPORT_SAMPLED'), numberText(report.sampledRows, context.locale)] as const]),
  ];
  return `<header>
<div><p class="kind">${words('REPORT_TITLE')}</p>
<h1>${escapeHtml(report.dataset)} <span>${words('REPORT_VERSION', { version: report.datasetVersion })}</span></h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl></div>
<div class="score"><p>${words('REPORT_SCORE')}</p><strong>${pointsText(score.basisPoints)}</strong><p>${words('REPORT_OF_HUNDRED')}</p>
${score.interval === null ? '' : `<p>${intervalText(score.interval, words)}</p>`}<p>${changeText(context.history, words)}</p></div>
</header>`;
}

function changeText(history: readonly HistoryEntry[], words: Words): string {
  const [before, now] = [history.at(-2), history.at(-1)];
  if (before === undefined || now === undefined) return '';
  const change = now.scoreBasisPoints - before.scoreBasisPoints;
  if (change === 0) return words('REPORT_CHANGE_NONE');
  return words(change > 0 ? 'REPORT_CHANGE_UP' : 'REPORT_CHANGE_DOWN', { points: pointsText(Math.abs(change)) });
}

function dimensionSection(report: QualityReport, words: Words, locale: Locale): string {
  const lines = DIMENSIONS.map((dimension) => ({
    name: messageFor(DIMENSION_WORDS[dimension], {}, locale),
    found: report.dimensions.find((candidate) => candidate.dimension === dimension),
  }));
  const axes = lines.map(({ name, found }) => ({ label: name, basisPoints: found?.basisPoints ?? null }));
  const rows = lines.map(({ name, found }) =>
    found === undefined
      ? [escapeHtml(name), `<span class="muted">${words('REPORT_NOT_MEASURED')}</span>`, '', '']
      : [escapeHtml(name), bar(found.basisPoints), String(found.rules), String(found.failing)],
  );
  const head = ['', words('REPORT_SCORE'), words('REPORT_RULES'), words('REPORT_FAILING')];
  return `<section><h2>${words('REPORT_DIMENSIONS')}</h2><div class="pair">${radarChart(axes, 'GB/T 36344-2018')}${table(head, rows, 'dimensions')}</div></section>`;
}

function trendSection({ history, timeZone }: ReportContext, words: Words): string {
  if (history.length < 2) return '';
  const points = history.map(({ at, scoreBasisPoints }) => ({
    label: dayOf(at, timeZone),
    basisPoints: scoreBasisPoints,
  }));
  return `<section><h2>${words('REPORT_TREND')}</h2>${trendChart(points, words('REPORT_TREND'))}</section>`;
}

function ruleSection({ rules }: QualityReport, words: Words, locale: Locale): string {
  const head = [
    words('REPORT_RULE'),
    words('REPORT_FIELDS'),
    words('REPORT_CHECKED'),
    words('REPORT_FAILING'),
    words('REPORT_PASSES'),
    words('REPORT_REQUIRED'),
    words('REPORT_STATE'),
  ];
  const sorted = rules.toSorted((a, b) => Number(a.met) - Number(b.met) || b.failing - a.failing);
  return `<section><h2>${words('REPORT_RULES')}</h2>${table(
    head,
    sorted.map((rule) => ruleRow(rule, words, locale)),
    'rules',
  )}</section>`;
}

function ruleRow(rule: RuleReport, words: Words, locale: Locale): string[] {
  const about = `${words(DIMENSION_WORDS[rule.dimension])} · ${words(SEVERITY_WORDS[rule.severity])}`;
  const own = rule.title?.[locale];
  const measured =
    rule.measured === null
      ? ''
      : ` <small>${words('REPORT_MEASURED_VALUE', { value: Number(rule.measured.toFixed(4)) })}</small>`;
  const interval = rule.interval === null ? '' : `<br><small>${intervalText(rule.interval, words)}</small>`;
  return [
    `<b>${escapeHtml(rule.id)}</b>${own === undefined ? '' : `<br>${escapeHtml(own)}`}<br><small>${about}</small>`,
    rule.fields.map(escapeHtml).join(', ') + measured,
    numberText(rule.checked, locale),
    numberText(rule.failing, locale),
    rule.passedBasisPoints === null ? '–' : `${pointsText(rule.passedBasisPoints)} %${interval}`,
    `${pointsText(rule.thresholdBasisPoints)} %`,
    rule.met ? words('REPORT_MET') : `<b class="bad">${words('REPORT_NOT_MET')}</b>`,
  ];
}

function unitSection({ units }: QualityReport, words: Words): string {
  if (units.length === 0) return '';
  const head = [words('REPORT_UNIT'), words('REPORT_SCORE'), words('REPORT_FAILING_ROWS')];
  const rows = units.map(({ unit, basisPoints, failingRows }) => [
    escapeHtml(unit),
    bar(basisPoints),
    String(failingRows),
  ]);
  return `<section><h2>${words('REPORT_UNITS')}</h2>${table(head, rows, 'units')}</section>`;
}

function orderSection({ orders, now }: ReportContext, words: Words): string {
  const head = [
    words('REPORT_ORDER'),
    words('REPORT_RULE'),
    words('REPORT_UNIT'),
    words('REPORT_FAILING_ROWS'),
    words('REPORT_STATE'),
    words('REPORT_DUE'),
  ];
  const sorted = orders.toSorted((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || a.dueAt - b.dueAt);
  const rows = sorted
    .slice(0, MAX_ORDERS)
    .map((order) => [
      `<code>${order.id.slice(0, 8)}</code>`,
      escapeHtml(order.ruleId),
      escapeHtml(order.unit),
      String(order.rows),
      words(ORDER_WORDS[order.state]),
      `${order.dueOn}${isOverdue(order, now) ? ` <b class="bad">${words('REPORT_OVERDUE')}</b>` : ''}`,
    ]);
  const body = rows.length === 0 ? `<p>${words('REPORT_NONE')}</p>` : table(head, rows, 'orders');
  return `<section><h2>${words('REPORT_ORDERS')}</h2>${body}</section>`;
}

function evidenceSection(report: QualityReport, { history }: ReportContext, words: Words): string {
  const round = history.findLast(({ reportHash: hash }) => hash === reportHash(report))?.round;
  const facts: readonly (readonly [string, string])[] = [
    [words('REPORT_DIGEST'), reportHash(report)],
    [words('REPORT_RULE_SET_DIGEST'), report.ruleSet.hash],
    [words('REPORT_VERSION_ID'), report.versionId],
    [words('REPORT_COMMITMENT'), report.commitment],
  ];
  return `<section class="evidence"><h2>${words('REPORT_EVIDENCE')}${round === undefined ? '' : ` <span>${words('REPORT_ROUND', { round })}</span>`}</h2>
<p>${words('REPORT_EVIDENCE_NOTE')}</p>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd><code>${value}</code></dd></div>`).join('')}</dl></section>`;
}

/** @param rows - cells that are HTML already. */
function table(head: readonly string[], rows: readonly (readonly string[])[], name: string): string {
  const line = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table class="${name}"><thead>${line(head, 'th')}</thead><tbody>${rows.map((row) => line(row, 'td')).join('')}</tbody></table>`;
}

function bar(basisPoints: number): string {
  return `<span class="bar"><i style="width:${(basisPoints / 100).toFixed(2)}%"></i></span> ${pointsText(basisPoints)}`;
}

function intervalText([from, to]: readonly [number, number], words: Words): string {
  return words('REPORT_INTERVAL', { from: pointsText(from), to: pointsText(to) });
}

function numberText(value: number, locale: Locale): string {
  return new Intl.NumberFormat(locale).format(value);
}

function momentText(atMs: number, { locale, timeZone }: ReportContext): string {
  const text = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' }).format(atMs);
  return `${text} (${timeZone})`;
}
