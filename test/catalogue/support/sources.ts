/** Sources of every kind, and an open one's answer to a question. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type OpenSource, type SourceLimits, sourceSchema, withSource } from '@sealedger/node/catalogue/source.ts';
import type { z } from 'zod';

export interface Place {
  readonly directory: string;
  readonly limits: SourceLimits;
}

/** A directory for sources and a work directory beside it, removed after the test. */
export async function placeOf(t: TestContext, limits: Partial<SourceLimits> = {}): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'sealedger-source-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const workDirectory = join(directory, 'work');
  return { directory, limits: { memoryMb: 256, threads: 2, timeoutMs: 60_000, workDirectory, ...limits } };
}

/** Runs SQL in an engine of the test's own; `:dir` stands for the directory. */
export async function withDuckDb(directory: string, file: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await DuckDBConnection.create(instance);
  for (const statement of statements) await connection.run(statement.replaceAll(':dir', directory));
  connection.closeSync();
  instance.closeSync();
}

/** What a question gets from a source; `R` stands for the view with `_row`, `U` for the one without. */
export async function ask(
  source: z.input<typeof sourceSchema>,
  limits: SourceLimits,
  sql = 'SELECT * FROM R',
): Promise<unknown[][]> {
  const parsed = sourceSchema.parse(source);
  if (parsed.type === 'postgres') throw new Error('a database needs its connection');
  return withSource(parsed, limits, (open) => rowsOf(open, sql));
}

export async function rowsOf({ connection, relation, unnumbered }: OpenSource, sql: string): Promise<unknown[][]> {
  const text = sql.replace(/\bR\b/g, relation).replace(/\bU\b/g, unnumbered);
  const result = await connection.runAndReadAll(text);
  return result.getRows().map((row) => row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell)));
}
