/** A locked table in memory and the outcome of rules over it, for tests of rules. */
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { lockDown } from '../../../node/catalogue/engine.ts';
import { quoteName } from '../../../node/catalogue/sql-text.ts';
import { ruleSetSchema } from '../../../node/quality/rule.ts';
import { runRuleSet } from '../../../node/quality/run.ts';
import type { Failure, QualityRun, RunOptions, RunSource } from '../../../node/quality/run-types.ts';

export type Cells = readonly (string | number | null)[];

export interface Outcome {
  readonly run: QualityRun;
  readonly failures: readonly Failure[];
  /** Row numbers that fail a rule, in the order given to the sink. */
  readonly rowsOf: (ruleId: string) => readonly (number | null)[];
}

/** `{ a: [1, 2] }` as a locked table with `_row`; a column of numbers is DOUBLE, all others VARCHAR. */
export async function withTable<T>(
  table: Readonly<Record<string, Cells>>,
  use: (source: RunSource) => Promise<T>,
  settings: Readonly<Record<string, string>> = {},
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB', ...settings });
  const connection = await DuckDBConnection.create(instance);
  try {
    const names = Object.keys(table);
    const columns = names.map((name) => ({
      name,
      type: table[name]!.every((cell) => typeof cell === 'number') ? 'DOUBLE' : 'VARCHAR',
    }));
    await connection.run(
      `CREATE TABLE rows_of_test (${columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ')}, _row BIGINT)`,
    );
    const appender = await connection.createAppender('rows_of_test');
    for (let row = 0; row < (table[names[0]!]?.length ?? 0); row++) {
      for (const name of names) {
        const cell = table[name]![row]!;
        if (cell === null) appender.appendNull();
        else if (typeof cell === 'number') appender.appendDouble(cell);
        else appender.appendVarchar(cell);
      }
      appender.appendBigInt(BigInt(row + 1));
      appender.endRow();
    }
    appender.closeSync();
    await lockDown(connection, []);
    return await use({ connection, relation: quoteName('rows_of_test'), columns });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Runs rules over a locked table. */
export async function runRules(
  source: RunSource,
  rules: readonly Readonly<Record<string, unknown>>[],
  options: Partial<RunOptions> & { readonly set?: Readonly<Record<string, unknown>> } = {},
): Promise<Outcome> {
  const failures: Failure[] = [];
  const { set, ...rest } = options;
  const written = { ruleSet: 'test', version: 1, dataset: 'test', ...set };
  const ruleSet = ruleSetSchema.parse({
    ...written,
    rules: rules.map((rule, i) => ({ id: `r${i}`, dimension: 'accuracy', ...rule })),
  });
  const run = await runRuleSet(source, ruleSet, {
    sink: { write: async (some) => void failures.push(...some) },
    maxFailuresPerRule: 1000,
    timeoutMs: 20_000,
    asOfMs: Date.UTC(2026, 0, 31),
    sourceChangedMs: null,
    previous: null,
    sample: null,
    progress: () => undefined,
    ...rest,
  });
  const rowsOf = (ruleId: string) => failures.filter((failure) => failure.ruleId === ruleId).map(({ row }) => row);
  return { run, failures, rowsOf };
}

/** {@link runRules} over a table of its own. */
export async function runOver(
  table: Readonly<Record<string, Cells>>,
  rules: readonly Readonly<Record<string, unknown>>[],
  options: Parameters<typeof runRules>[2] = {},
): Promise<Outcome> {
  return withTable(table, (source) => runRules(source, rules, options));
}
