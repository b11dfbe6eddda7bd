/**
 * Twelve rules, and the commitment to rows, over a generated table of ten columns; each against DuckDB running bare SQL that
 * asks for the same and promises nothing.
 *
 * BENCH_ROWS sets the number of rows (10,000,000 without it).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { commitRows, rowDigestSql, rowKey } from '../node/catalogue/commitment.ts';
import { type OpenSource, withSource } from '../node/catalogue/source.ts';
import { ruleSetSchema } from '../node/quality/rule.ts';
import { runRuleSet } from '../node/quality/run.ts';
import type { BenchRow } from './bench-row.ts';

const ROWS = Number(process.env['BENCH_ROWS'] ?? 10_000_000);
const THREADS = 2;
const MEMORY_MB = 2000;
const MS = 1000;
const MB = 1e6;
const TIMEOUT_MS = 600_000;
const POLL_MS = 50;
const CODES = ['存续', '注销', '吊销', '迁出'];
const DIVISIONS = Array.from({ length: 300 }, (_, i) => [String(110_000 + 100 * i), `city ${i % 40}`]);

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

/** SQL of the first characters of credit code i with both check characters right: a generator's, independent of the rule's. */
function creditCode(): string {
  const organisation = ORGANISATION_WEIGHTS.map((weight, k) => `CAST(o[${k + 1}] AS INTEGER) * ${weight}`).join(' + ');
  const sum = CREDIT_WEIGHTS.map((weight, k) => `(instr('${ALPHABET}', b[${k + 1}]) - 1) * ${weight}`).join(' + ');
  const bodies = `SELECT i, lpad(CAST(i AS VARCHAR), 8, '0') AS o FROM range(${ROWS}) r(i)`;
  const firsts = `SELECT i, '91' || CAST(110000 + 100 * (i % 300) AS VARCHAR) || o || substr('0X987654321', (${organisation}) % 11 + 1, 1) AS b FROM (${bodies})`;
  return `SELECT i, b || substr('${ALPHABET}', CAST((31 - (${sum}) % 31) % 31 + 1 AS INTEGER), 1) AS credit FROM (${firsts})`;
}

/** Ten columns: credit code, name, type, status, capital, two dates, division, city, telephone; about one cell in 500 bad. */
const TABLE = `SELECT
  CASE WHEN i % 499 = 0 THEN reverse(credit) ELSE credit END AS code,
  'company ' || (i * 7919) % 100000007 AS name,
  'type ' || i % 7 AS type,
  CASE i % 11 WHEN 0 THEN '注销' WHEN 1 THEN '吊销' ELSE '存续' END AS status,
  CAST((i * 31) % 100000 AS VARCHAR) AS capital,
  CAST(DATE '1990-01-01' + CAST(i % 9000 AS INTEGER) AS VARCHAR) AS founded,
  CASE WHEN i % 11 = 0 AND i % 501 <> 0 THEN CAST(DATE '2015-01-01' + CAST(i % 3000 AS INTEGER) AS VARCHAR) END AS cancelled,
  CAST(110000 + 100 * (i % 300) AS VARCHAR) AS division,
  'city ' || (i % 300) % 40 AS city,
  CASE WHEN i % 503 = 0 THEN '' ELSE '1' || lpad(CAST((i * 104729) % 10000000000 AS VARCHAR), 10, '0') END AS phone
  FROM (${creditCode()})`;

/** How the code is looked at: by its form, or by its check digit too, which is the dearest rule there is. */
type CodeRule = 'form' | 'check digit';
const CODE_FORM = '[0-9A-HJ-NPQRTUWXY]{18}';
const codeRules: Readonly<Record<CodeRule, object>> = {
  form: { id: 'code', type: 'pattern', field: 'code', pattern: CODE_FORM, dimension: 'conformity' },
  'check digit': { id: 'code', type: 'checkDigit', field: 'code', kind: 'credit-code', dimension: 'accuracy' },
};

const rulesWith = (code: CodeRule) =>
  ruleSetSchema.parse({
    ruleSet: 'speed',
    version: 1,
    dataset: 'speed',
    tables: { divisions: { columns: ['code', 'city'], rows: DIVISIONS } },
    rules: [
      { id: 'present', type: 'notNull', field: 'phone', dimension: 'completeness' },
      codeRules[code],
      { id: 'key', type: 'unique', field: 'code', dimension: 'accuracy' },
      { id: 'phone', type: 'pattern', field: 'phone', pattern: '1[0-9]{10}', dimension: 'conformity' },
      { id: 'status', type: 'codeList', field: 'status', codes: CODES, dimension: 'conformity' },
      { id: 'capital', type: 'range', field: 'capital', min: 1, max: 90_000, dimension: 'accuracy' },
      { id: 'name', type: 'length', field: 'name', min: 9, max: 40, dimension: 'conformity' },
      { id: 'founded', type: 'type', field: 'founded', is: 'date', dimension: 'conformity' },
      { id: 'order', type: 'dateOrder', fields: ['founded', 'cancelled'], dimension: 'consistency' },
      {
        id: 'cancelled',
        type: 'conditional',
        when: "status = '注销'",
        // biome-ignore lint/suspicious/noThenProperty: the word a person writes in a rule.
        then: 'cancelled IS NOT NULL',
        dimension: 'consistency',
      },
      {
        id: 'division',
        type: 'reference',
        fields: ['division', 'city'],
        to: { table: 'divisions', fields: ['code', 'city'] },
        dimension: 'consistency',
      },
      { id: 'city', type: 'dependency', determinant: ['division'], dependent: ['city'], dimension: 'consistency' },
    ],
  });

/** The same questions as a person asks them who trusts the table: no blank cells, no time limit, no places of failures. */
function bareRules(relation: string, code: CodeRule): readonly string[] {
  const sum = CREDIT_WEIGHTS.map((weight, i) => `(instr('${ALPHABET}', code[${i + 1}]) - 1) * ${weight}`).join(' + ');
  const bad = {
    form: `NOT regexp_full_match(code, '${CODE_FORM}')`,
    'check digit': `substr('${ALPHABET}', CAST((31 - (${sum}) % 31) % 31 + 1 AS INTEGER), 1) <> code[18]`,
  }[code];
  return [
    `SELECT count(*) FILTER (phone IS NULL OR phone = ''),
      count(*) FILTER (${bad}),
      count(*) - count(DISTINCT code),
      count(*) FILTER (NOT regexp_full_match(phone, '1[0-9]{10}')),
      count(*) FILTER (status NOT IN (${CODES.map((code) => `'${code}'`).join(', ')})),
      count(*) FILTER (NOT TRY_CAST(capital AS DOUBLE) BETWEEN 1 AND 90000),
      count(*) FILTER (NOT length(name) BETWEEN 9 AND 40),
      count(*) FILTER (TRY_CAST(founded AS DATE) IS NULL),
      count(*) FILTER (TRY_CAST(founded AS DATE) > TRY_CAST(cancelled AS DATE)),
      count(*) FILTER (status = '注销' AND cancelled IS NULL),
      count(*) FILTER ((division, city) NOT IN (SELECT * FROM rules_divisions))
      FROM ${relation}`,
    `SELECT count(*) FROM (SELECT division FROM ${relation} GROUP BY division HAVING count(DISTINCT city) > 1)`,
  ];
}

interface Measured {
  readonly seconds: number;
  readonly peakMb: number;
}

/** Time of a task, and the largest resident memory of this process meanwhile. */
async function measured(task: () => Promise<unknown>): Promise<Measured> {
  let peak = 0;
  const poll = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), POLL_MS);
  const started = performance.now();
  try {
    await task();
    return { seconds: (performance.now() - started) / MS, peakMb: Math.max(peak, process.memoryUsage().rss) / MB };
  } finally {
    clearInterval(poll);
  }
}

async function generate(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(THREADS), memory_limit: '1GB' });
  const connection = await DuckDBConnection.create(instance);
  await connection.run(`COPY (${TABLE}) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

async function ruleRun(open: OpenSource, code: CodeRule): Promise<void> {
  await runRuleSet(open, rulesWith(code), {
    sink: { write: async () => undefined },
    maxFailuresPerRule: 10_000,
    timeoutMs: TIMEOUT_MS,
    asOfMs: Date.UTC(2026, 0, 1),
    sourceChangedMs: null,
    previous: null,
    sample: null,
    progress: () => undefined,
  });
}

async function bare(open: OpenSource, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await open.connection.runAndReadAll(statement);
}

/** Every task has a connection of its own, as in a node. */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sealedger-quality-'));
  const source = { type: 'parquet', file: join(folder, 'table.parquet') } as const;
  const limits = { memoryMb: MEMORY_MB, threads: THREADS, timeoutMs: TIMEOUT_MS, workDirectory: join(folder, 'work') };
  const over = (task: (open: OpenSource) => Promise<unknown>): Promise<Measured> =>
    withSource(source, limits, (open) => measured(() => task(open)));
  try {
    await generate(source.file);
    const rows: BenchRow[] = [];
    for (const code of ['form', 'check digit'] as const) {
      const ours = await over((open) => ruleRun(open, code));
      const theirs = await over(async (open) => {
        const divisions = DIVISIONS.map(([division, city]) => `('${division}', '${city}')`).join(', ');
        await open.connection.run(`CREATE TEMP TABLE rules_divisions AS SELECT * FROM (VALUES ${divisions})`);
        await bare(open, bareRules(open.unnumbered, code));
      });
      rows.push(...rowsOf(`12 rules, codes by ${code}`, ours, 'bare SQL of the same rules, DuckDB', theirs));
    }
    const committed = await over((open) => commitRows(open, rowKey(new Uint8Array(32), '00'.repeat(32))));
    const digests = await over((open) =>
      bare(open, [`SELECT max(${rowDigestSql(open.columns)}) FROM ${open.unnumbered}`]),
    );
    return [...rows, ...rowsOf('commitment', committed, 'digests of the rows alone, DuckDB', digests)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function rowsOf(what: string, own: Measured, peer: string, other: Measured): BenchRow[] {
  const about = `${what}, ${ROWS.toLocaleString('en-US')} rows × 10 columns`;
  const peerText = `${peer}: ${other.seconds.toFixed(2)} s`;
  return [
    { what: about, value: own.seconds, unit: 's', against: peerText, ratio: other.seconds / own.seconds },
    { what: `${what}, resident memory at most`, value: own.peakMb, unit: 'MB', against: null, ratio: null },
  ];
}
