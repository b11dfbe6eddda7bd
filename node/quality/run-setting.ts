/**
 * Around a run: the temporary tables and functions that its rules use, its time limit, and words for what goes wrong.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { quoteName } from '../catalogue/sql-text.ts';
import { codesSql, hasCodeTable, timestampSql } from './compile.ts';
import { tableSql } from './compile-check.ts';
import { checkDigitSql } from './compile-identifier.ts';
import { keySql } from './compile-key.ts';
import type { RuleSet } from './rule.ts';
import { kindOf } from './sandbox.ts';
import type { MACROS } from './sandbox-functions.ts';

/** Rows given to DuckDB in one chunk. */
const ROWS_PER_APPEND = 2048;

type Macro = (typeof MACROS)[number];

/** Puts tables, codes and functions of a rule set into the connection, in place of those of an earlier run. */
export async function prepareSetting(connection: DuckDBConnection, ruleSet: RuleSet, asOfMs: number): Promise<void> {
  for (const [name, { columns, rows }] of Object.entries(ruleSet.tables)) {
    await createTable(connection, tableSql(name), `rules_${name}`, columns, rows);
  }
  for (const rule of ruleSet.rules.filter(hasCodeTable)) {
    const codes = [...new Set(rule.codes)].map((code) => [code]);
    await createTable(connection, codesSql(rule), `codes_${rule.id}`, ['code'], codes);
  }
  for (const [name, body] of Object.entries(macros(asOfMs))) {
    await connection.run(`CREATE OR REPLACE TEMP MACRO ${name}${body.parameters} AS ${body.sql}`);
  }
}

/**
 * Runs `task` and interrupts the connection at the time limit.
 * @throws {ProtocolError} RULES_TIMED_OUT, RULES_OUT_OF_MEMORY; what `task` throws otherwise
 */
export async function withTimeLimit<T>(
  connection: DuckDBConnection,
  limitMs: number,
  task: () => Promise<T>,
): Promise<T> {
  let isOver = false;
  // One interrupt stops the statement that runs; the next one would start all the same.
  const timer = setInterval(
    () => {
      isOver = true;
      connection.interrupt();
    },
    Math.max(1, limitMs),
  );
  const stopSoon = setInterval(() => {
    if (isOver) connection.interrupt();
  }, INTERRUPT_AGAIN_MS);
  try {
    const value = await task();
    if (isOver) throw new ProtocolError('RULES_TIMED_OUT', { limitMs });
    return value;
  } catch (error) {
    if (isOver) throw new ProtocolError('RULES_TIMED_OUT', { limitMs }, { cause: error });
    if (isOutOfSpace(error)) throw new ProtocolError('RULES_OUT_OF_MEMORY', {}, { cause: error });
    throw error;
  } finally {
    clearInterval(timer);
    clearInterval(stopSoon);
  }
}
const INTERRUPT_AGAIN_MS = 50;

/** A rule's fault while it ran, without DuckDB's words. */
export function runFailed(rule: string, error: unknown): Error {
  if (error instanceof ProtocolError || isOutOfSpace(error) || isSourceFault(error)) return error as Error;
  return new ProtocolError('RULE_RUN_FAILED', { rule, reason: kindOf(error) }, { cause: error });
}

/** Whether reading the source failed, and no rule: the source's reader puts that into words. */
export function isSourceFault(error: unknown): boolean {
  return error instanceof Error && /CSV Error|Parquet|IO Error|maximum line size/i.test(error.message);
}

function isOutOfSpace(error: unknown): boolean {
  return (
    error instanceof Error &&
    (/^Out of Memory|^OutOfMemory/i.test(error.message) || /max_temp_directory_size/.test(error.message))
  );
}

async function createTable(
  connection: DuckDBConnection,
  quoted: string,
  name: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${quoted} (${columns.map((column) => `${quoteName(column)} VARCHAR`).join(', ')})`,
  );
  const appender = await connection.createAppender(name, null, 'temp');
  rows.forEach((row, index) => {
    for (const cell of row) cell === '' ? appender.appendNull() : appender.appendVarchar(cell);
    appender.endRow();
    if (index % ROWS_PER_APPEND === 0) appender.flushSync();
  });
  appender.closeSync();
}

function macros(asOfMs: number): Readonly<Record<Macro, { readonly parameters: string; readonly sql: string }>> {
  const of = (sql: string) => ({ parameters: '(cell)', sql: `CASE WHEN cell IS NULL THEN NULL ELSE ${sql} END` });
  const text = 'CAST(cell AS VARCHAR)';
  return {
    is_resident_id: of(checkDigitSql('resident-id', text)),
    is_credit_code: of(checkDigitSql('credit-code', text)),
    is_organisation_code: of(checkDigitSql('organisation-code', text)),
    is_division_code: of(checkDigitSql('division-code', text)),
    text_key: of(keySql('text', text)),
    company_key: of(keySql('company', text)),
    identifier_key: of(keySql('identifier', text)),
    as_of: { parameters: '()', sql: timestampSql(asOfMs) },
  };
}
