/** A report as text: aligned tables for a terminal. */
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { AuditReport } from './report.ts';
import { cellText, columnTitles, isNumeric, type ReportTable, tableTitles, timeText } from './report-table.ts';

export function reportText(report: AuditReport, locale: Locale): string {
  const { period, org, head, totals } = report;
  const from = timeText(period.fromMs);
  const to = timeText(period.toMs);
  const lines = [
    messageFor('TRAIL_TITLE', { org }, locale),
    messageFor('TRAIL_PERIOD', { from, to }, locale),
    messageFor('TRAIL_TOTALS', totals, locale),
    provenText(report, locale),
    '',
    ...report.tables.filter(({ rows }) => rows.length > 0).flatMap((table) => [...tableText(table, locale), '']),
  ];
  return head === 0 ? lines.slice(0, 3).join('\n') : lines.join('\n');
}

/** How far the chain is proven, in words. */
export function provenText({ head, provenTo }: Pick<AuditReport, 'head' | 'provenTo'>, locale: Locale): string {
  if (provenTo >= head) return messageFor('TRAIL_PROVEN', { head }, locale);
  return messageFor(provenTo === 0 ? 'TRAIL_NOT_PROVEN' : 'TRAIL_PARTLY_PROVEN', { head, provenTo }, locale);
}

function tableText(table: ReportTable, locale: Locale): string[] {
  const heads = table.columns.map((column) => messageFor(columnTitles[column], {}, locale));
  const cells = [heads, ...table.rows.map((row) => row.map((cell) => cellText(cell, locale)))];
  const widths = heads.map((_, i) => cells.reduce((most, row) => Math.max(most, displayWidth(row[i] ?? '')), 0));
  const isRight = table.columns.map(isNumeric);
  const lines = cells.map((row) =>
    row
      .map((text, i) => pad(text, widths[i]!, isRight[i]!))
      .join('  ')
      .trimEnd(),
  );
  return [messageFor(tableTitles[table.name], {}, locale), ...lines.map((line) => `  ${line}`)];
}

function pad(text: string, width: number, isRight: boolean): string {
  const space = ' '.repeat(width - displayWidth(text));
  return isRight ? space + text : text + space;
}

/** Columns on a terminal: Chinese characters take two. */
export function displayWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + (/[\u1100-\uffdc]/u.test(character) ? 2 : 1), 0);
}
