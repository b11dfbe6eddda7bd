/** Charts of the report as inline SVG, readable in black and white: a radar of the dimensions, a line of the scores. */
import { pointsText } from './report-words.ts';

export interface Axis {
  readonly label: string;
  /** Null where nothing was measured. */
  readonly basisPoints: number | null;
}

const FULL = 10_000;
const RADIUS = 88;
const CENTRE = { x: 210, y: 136 };
const RINGS = [0.25, 0.5, 0.75, 1];
const LABEL_GAP = 18;

/** Dimensions on axes from the centre (0) to the rim (100). */
export function radarChart(axes: readonly Axis[], title: string): string {
  const at = (i: number, share: number): string => {
    const angle = (2 * Math.PI * i) / axes.length - Math.PI / 2;
    return `${(CENTRE.x + RADIUS * share * Math.cos(angle)).toFixed(1)},${(CENTRE.y + RADIUS * share * Math.sin(angle)).toFixed(1)}`;
  };
  const ring = (share: number): string =>
    `<polygon class="ring" points="${axes.map((_, i) => at(i, share)).join(' ')}"/>`;
  const measured = axes.flatMap(({ basisPoints }, i) => (basisPoints === null ? [] : [at(i, basisPoints / FULL)]));
  const parts = [
    ...RINGS.map(ring),
    ...axes.map((_, i) => `<line class="ring" x1="${CENTRE.x}" y1="${CENTRE.y}" ${endOf(at(i, 1))}/>`),
    `<polygon class="area" points="${measured.join(' ')}"/>`,
    ...measured.map((point) => `<circle class="dot" r="3" cx="${point.split(',')[0]}" cy="${point.split(',')[1]}"/>`),
    ...axes.map((axis, i) => radarLabel(axis, i, axes.length)),
  ];
  return svg(420, 280, title, parts);
}

function endOf(point: string): string {
  const [x, y] = point.split(',');
  return `x2="${x}" y2="${y}"`;
}

function radarLabel({ label, basisPoints }: Axis, i: number, count: number): string {
  const angle = (2 * Math.PI * i) / count - Math.PI / 2;
  const x = CENTRE.x + (RADIUS + LABEL_GAP) * Math.cos(angle);
  const y = CENTRE.y + (RADIUS + LABEL_GAP) * Math.sin(angle);
  const anchor = Math.abs(Math.cos(angle)) < 0.1 ? 'middle' : Math.cos(angle) > 0 ? 'start' : 'end';
  const value = basisPoints === null ? '–' : pointsText(basisPoints);
  const [first, second] = Math.sin(angle) < -0.9 ? [y - 14, y] : [y, y + 14];
  return (
    `<text x="${x.toFixed(1)}" y="${first.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(label)}</text>` +
    `<text class="value" x="${x.toFixed(1)}" y="${second.toFixed(1)}" text-anchor="${anchor}">${value}</text>`
  );
}

const PLOT = { left: 44, right: 636, top: 16, bottom: 136 };

/** Scores over time, evenly spaced: what came after what counts more than the days between. */
export function trendChart(
  points: readonly { readonly label: string; readonly basisPoints: number }[],
  title: string,
): string {
  const [low, high] = scaleOf(points.map(({ basisPoints }) => basisPoints));
  const x = (i: number): number =>
    points.length === 1
      ? (PLOT.left + PLOT.right) / 2
      : PLOT.left + 20 + ((PLOT.right - PLOT.left - 40) * i) / (points.length - 1);
  const y = (value: number): number => PLOT.bottom - ((PLOT.bottom - PLOT.top) * (value - low)) / (high - low);
  const every = Math.ceil(points.length / 8);
  const lines = [low, (low + high) / 2, high].map(
    (value) =>
      `<line class="ring" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text class="small" x="${PLOT.left - 6}" y="${y(value) + 4}" text-anchor="end">${value / 100}</text>`,
  );
  const path = points.map(({ basisPoints }, i) => `${x(i).toFixed(1)},${y(basisPoints).toFixed(1)}`).join(' ');
  const dots = points.map(({ basisPoints, label }, i) => {
    const isLabelled = i % every === (points.length - 1) % every;
    const text = isLabelled
      ? `<text class="small" x="${x(i).toFixed(1)}" y="${PLOT.bottom + 18}" text-anchor="middle">${escapeHtml(label)}</text>` +
        `<text class="small value" x="${x(i).toFixed(1)}" y="${(y(basisPoints) - 8).toFixed(1)}" text-anchor="middle">${pointsText(basisPoints)}</text>`
      : '';
    return `<circle class="dot" r="3" cx="${x(i).toFixed(1)}" cy="${y(basisPoints).toFixed(1)}"/>${text}`;
  });
  return svg(660, 164, title, [...lines, `<polyline class="line" points="${path}"/>`, ...dots]);
}

/** A range of round hundreds around the scores, so that a change of a point shows. */
function scaleOf(scores: readonly number[]): readonly [number, number] {
  const low = Math.max(0, Math.floor((Math.min(...scores) - 100) / 500) * 500);
  return [low, Math.min(FULL, Math.max(low + 500, Math.ceil((Math.max(...scores) + 1) / 500) * 500))];
}

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  const label = escapeHtml(title);
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}"><title>${label}</title>${parts.join('')}</svg>`;
}

/** Text as part of HTML or of an attribute in double quotes. */
export function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character]!);
}
