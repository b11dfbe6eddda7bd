/**
 * A report as CSV (RFC 4180) in long form, one figure a line: table, item, measure, value.
 *
 * Names come from members, so a cell that a spreadsheet would take for a formula is quoted with an apostrophe.
 * Source: RFC 4180; OWASP, CSV Injection.
 */
import type { AuditReport } from './report.ts';
import type { Cell, ReportTable } from './report-table.ts';

/** Headings and names of measures are stable and not translated: a script reads them. */
export function reportCsv({ tables, totals, period, head, provenTo }: AuditReport): string {
  const summary: Readonly<Record<string, Cell>> = {
    from: { timeMs: period.fromMs },
    to: { timeMs: period.toMs },
    head,
    provenTo,
    ...totals,
  };
  const lines = Object.entries(summary).map(([measure, cell]) => line(['report', '', measure, plain(cell)]));
  return `${[line(['table', 'item', 'measure', 'value']), ...lines, ...tables.flatMap(tableLines)].join('\r\n')}\r\n`;
}

/** How many columns name the item; the others are its measures. */
const NAMING: Partial<Record<ReportTable['name'], number>> = { unlockings: 2, overdue: 2, findings: 3 };

function tableLines({ name, columns, rows }: ReportTable): string[] {
  const naming = NAMING[name] ?? 1;
  return rows.flatMap((row) => {
    const item = row.slice(0, naming).map(plain).join(' / ');
    return columns.slice(naming).map((column, i) => line([name, item, column, plain(row[naming + i] ?? null)]));
  });
}

function plain(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'object') return String(cell);
  return 'timeMs' in cell ? new Date(cell.timeMs).toISOString() : cell.code;
}

function line(cells: readonly string[]): string {
  return cells.map(escapeCell).join(',');
}

/** A cell that no spreadsheet computes and every reader of RFC 4180 reads back. */
export function escapeCell(text: string): string {
  const safe = /^\s*[=+\-@|%\t\r\n＝＋－＠]/u.test(text) ? `'${text}` : text;
  return /[",\r\n;']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
