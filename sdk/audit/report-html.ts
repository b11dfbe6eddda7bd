/** A report as one HTML file: nothing is loaded from elsewhere, no script runs, and it prints. */
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { AuditReport } from './report.ts';
import { cellText, columnTitles, isNumeric, type ReportTable, tableTitles, timeText } from './report-table.ts';
import { provenText } from './report-text.ts';

const STYLE = `
:root{color-scheme:light;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--band:#f4f6f9;--good:#1d6f42;--bad:#a3261e}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:32px 24px;background:#fff;color:var(--ink);
font:14px/1.5 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px}
p{margin:0 0 4px;color:var(--soft)}
.figures{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}
.figures div{flex:1 1 140px;border:1px solid var(--line);border-radius:6px;padding:12px 14px}
.figures b{display:block;font-size:24px;font-variant-numeric:tabular-nums}
.figures span{color:var(--soft)}
.verdict{border-left:4px solid var(--good);background:var(--band);padding:10px 14px;margin:16px 0;color:var(--ink)}
.verdict.bad{border-color:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}
th{background:var(--band);font-weight:600;white-space:nowrap}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td.none{color:var(--soft)}
footer{margin-top:32px;border-top:1px solid var(--line);padding-top:10px;color:var(--soft);font-size:12px}
@media print{body{max-width:none;padding:0;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}
.scroll{overflow:visible}th,.verdict{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@page{size:A4;margin:15mm}`;

export function reportHtml(report: AuditReport, locale: Locale): string {
  const say = (code: Parameters<typeof messageFor>[0], details: Readonly<Record<string, unknown>> = {}): string =>
    escapeHtml(messageFor(code, details, locale));
  const { period, totals, org, madeMs } = report;
  const title = say('TRAIL_TITLE', { org });
  const isClean = totals.findings === 0;
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${say('TRAIL_PERIOD', { from: timeText(period.fromMs), to: timeText(period.toMs) })}</p>
<div class="figures">
${figure(totals.requests, say('TRAIL_REQUESTS'))}
${figure(totals.events, say('TRAIL_FIGURE_EVENTS'))}
${figure(totals.nodes, say('TRAIL_FIGURE_NODES'))}
${figure(totals.unlockings, say('TRAIL_UNLOCKINGS'))}
${figure(totals.findings, say('TRAIL_FIGURE_FINDINGS'))}
</div>
<div class="verdict${isClean ? '' : ' bad'}">${say(isClean ? 'TRAIL_CLEAN' : 'TRAIL_FOUND_SOME', totals)}<br>
${escapeHtml(provenText(report, locale))}</div>
${report.tables.map((table) => tableHtml(table, locale)).join('\n')}
<footer>${say('TRAIL_LIMITS')}<br>${say('TRAIL_MADE', { at: timeText(madeMs) })}</footer>
</body>
</html>
`;
}

function figure(value: number, name: string): string {
  return `<div><b>${value}</b><span>${name}</span></div>`;
}

function tableHtml(table: ReportTable, locale: Locale): string {
  const isRight = table.columns.map(isNumeric);
  const mark = (i: number): string => (isRight[i] === true ? ' class="number"' : '');
  const heads = table.columns.map(
    (column, i) => `<th${mark(i)}>${escapeHtml(messageFor(columnTitles[column], {}, locale))}</th>`,
  );
  const rows = table.rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${mark(i)}>${escapeHtml(cellText(cell, locale))}</td>`).join('')}</tr>`,
  );
  const none = `<tr><td class="none" colspan="${table.columns.length}">${escapeHtml(messageFor('TRAIL_NONE', {}, locale))}</td></tr>`;
  return `<h2>${escapeHtml(messageFor(tableTitles[table.name], {}, locale))}</h2>
<div class="scroll"><table><thead><tr>${heads.join('')}</tr></thead>
<tbody>${rows.length === 0 ? none : rows.join('\n')}</tbody></table></div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
