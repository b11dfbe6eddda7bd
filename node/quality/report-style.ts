/** The look of the report, on a screen and on A4. */
export const REPORT_STYLE = `
@page { size: A4; margin: 16mm 14mm; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef1f4; color: #1c2733; font: 14px/1.5 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 860px; margin: 24px auto; padding: 32px 40px; background: #fff; }
header { display: flex; justify-content: space-between; gap: 24px; border-bottom: 3px solid #14507a; padding-bottom: 20px; }
.kind { margin: 0; color: #14507a; letter-spacing: .06em; font-weight: 600; }
h1 { margin: 2px 0 12px; font-size: 27px; line-height: 1.25; overflow-wrap: anywhere; }
h1 span, h2 span { font-weight: 400; color: #5a6b7b; font-size: .68em; }
h2 { margin: 28px 0 10px; font-size: 17px; color: #14507a; }
dl { margin: 0; display: grid; gap: 2px; }
dl div { display: flex; gap: 12px; }
dt { min-width: 104px; color: #5a6b7b; }
dd { margin: 0; overflow-wrap: anywhere; }
.score { flex: none; min-width: 168px; text-align: center; border: 1px solid #c9d4de; border-radius: 8px; padding: 12px 16px; align-self: flex-start; }
.score p { margin: 0; color: #5a6b7b; font-size: 12.5px; }
.score strong { display: block; font-size: 40px; line-height: 1.2; color: #14507a; font-variant-numeric: tabular-nums; }
.pair { display: flex; gap: 16px; align-items: center; flex-wrap: wrap; }
.pair svg { flex: none; width: 372px; height: auto; }
.pair table { flex: 1 1 340px; width: auto; }
svg { max-width: 100%; font: inherit; }
svg text { font-size: 12.5px; fill: #1c2733; }
svg .small { font-size: 11px; fill: #5a6b7b; }
svg .value { font-weight: 600; }
svg .ring { fill: none; stroke: #ccd6df; stroke-width: 1; }
svg .area { fill: #14507a; fill-opacity: .18; stroke: #14507a; stroke-width: 2; }
svg .line { fill: none; stroke: #14507a; stroke-width: 2; }
svg .dot { fill: #14507a; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: #5a6b7b; border-bottom: 2px solid #c9d4de; padding: 4px 8px 4px 0; white-space: nowrap; }
td { border-bottom: 1px solid #e3e9ee; padding: 6px 8px 6px 0; vertical-align: top; overflow-wrap: anywhere; }
.rules td:nth-child(n+3), .rules th:nth-child(n+3) { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.dimensions td:nth-child(n+3), .dimensions th:nth-child(n+3), .units td:last-child, .units th:last-child { text-align: right; }
.dimensions td, .units td { white-space: nowrap; }
.orders td:nth-child(4), .orders th:nth-child(4) { text-align: right; padding-right: 20px; }
.orders td:nth-child(n+5) { white-space: nowrap; }
small, .muted { color: #5a6b7b; font-size: 12px; }
.bar { display: inline-block; width: 96px; height: 9px; border: 1px solid #9fb2c3; vertical-align: middle; }
.bar i { display: block; height: 100%; background: #14507a; }
.bad { color: #a12622; }
code { font: 12px/1.5 "SFMono-Regular", Consolas, "Liberation Mono", monospace; }
.evidence dt { flex: none; width: 176px; }
@media print {
  body { background: #fff; font-size: 11.5px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main { max-width: none; margin: 0; padding: 0; }
  .pair { flex-wrap: nowrap; }
  .pair svg { width: 318px; }
  h2 { break-after: avoid; }
  tr, svg, .score, .evidence { break-inside: avoid; }
  thead { display: table-header-group; }
}
@media (max-width: 640px) { header { flex-direction: column; } main { padding: 20px; margin: 0; } }
`;
