/**
 * How a failing row is found again: by its key where the plan names one, else by what it holds, else by its number.
 *
 * Digests are keyed by the node and stay in it: they tell whether a row changed, and nobody what it held.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { quoteName, quoteText } from '../catalogue/sql-text.ts';
import type { RunSource } from './run-types.ts';

export interface RowPlace {
  readonly row: number;
  /** Cell of the plan's column of units; null where it is blank or there is no such column. */
  readonly unit: string | null;
  /** Keyed digest of the key's cells; null where the plan names no key. */
  readonly key: string | null;
  /** Keyed digest of the whole row. */
  readonly digest: string;
}

export interface PlaceOptions {
  /** Column of units. */
  readonly unitColumn: string | undefined;
  readonly key: readonly string[];
  /** 32 bytes in hex that serve nothing else. */
  readonly secret: string;
}

const DIGEST_DIGITS = 32;
const MAX_UNIT_LENGTH = 128;

/** Places of rows by their numbers. @throws {ProtocolError} RULE_FIELD_UNKNOWN where a column is missing */
export async function placesOf(
  source: RunSource,
  rows: ReadonlySet<number>,
  options: PlaceOptions,
): Promise<ReadonlyMap<number, RowPlace>> {
  if (rows.size === 0) return new Map();
  assertColumns(source, options);
  const table = await tableOfRows(source, 'rows_to_place', [...rows]);
  try {
    const found = await queryPlaces(source, options, `JOIN ${table} AS wanted ON data._row = wanted.row`);
    return new Map(found.map((place) => [place.row, place]));
  } finally {
    await source.connection.run(`DROP TABLE ${table}`);
  }
}

/** Places of the rows whose key or whose content has one of these digests. */
export async function placesByDigest(
  source: RunSource,
  by: 'key' | 'digest',
  digests: readonly string[],
  options: PlaceOptions,
): Promise<readonly RowPlace[]> {
  if (digests.length === 0) return [];
  assertColumns(source, options);
  const table = await tableOfDigests(source, digests);
  try {
    const expression = by === 'key' ? keyDigest(options) : rowDigest(source, options);
    return await queryPlaces(source, options, `JOIN ${table} AS wanted ON ${expression} = wanted.digest`);
  } finally {
    await source.connection.run(`DROP TABLE ${table}`);
  }
}

/**
 * Copies of the rows that may be those of an order: first those with its numbers, then, by key or content, what is not among
 * them. Where no row moved, that is one pass without a digest of every row.
 * @returns the source with the copies as its relation.
 */
export async function copyCandidates(
  source: RunSource,
  name: string,
  wanted: { readonly digests: readonly string[]; readonly rows: readonly number[] },
  options: PlaceOptions,
): Promise<RunSource> {
  assertColumns(source, options);
  const { connection, relation } = source;
  const copy = { ...source, relation: quoteName(name) };
  const numbers = await tableOfRows(source, 'numbers_to_copy', wanted.rows);
  await connection.run(
    `CREATE TEMP TABLE ${copy.relation} AS SELECT data.* FROM ${relation} AS data SEMI JOIN ${numbers} AS wanted ON data._row = wanted.row`,
  );
  await connection.run(`DROP TABLE ${numbers}`);
  const by = options.key.length > 0 ? 'key' : 'digest';
  const there = new Set((await placesByDigest(copy, by, wanted.digests, options)).map((place) => place[by]));
  const missing = wanted.digests.filter((digest) => !there.has(digest));
  if (missing.length === 0) return copy;
  const digests = await tableOfDigests(source, missing);
  const digest = by === 'key' ? keyDigest(options) : rowDigest(source, options);
  await connection.run(
    `INSERT INTO ${copy.relation} SELECT data.* FROM ${relation} AS data WHERE ${digest} IN (SELECT digest FROM ${digests})`,
  );
  await connection.run(`DROP TABLE ${digests}`);
  return copy;
}

/** A temporary table `name (row BIGINT)` on a source's connection. @returns its quoted name. */
export async function tableOfRows({ connection }: RunSource, name: string, rows: readonly number[]): Promise<string> {
  const table = quoteName(name);
  await connection.run(`CREATE TEMP TABLE ${table} (row BIGINT)`);
  const appender = await connection.createAppender(name, null, 'temp');
  for (const row of rows) {
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
  return table;
}

async function tableOfDigests({ connection }: RunSource, digests: readonly string[]): Promise<string> {
  const name = 'digests_to_find';
  await connection.run(`CREATE TEMP TABLE ${quoteName(name)} (digest VARCHAR)`);
  const appender = await connection.createAppender(name, null, 'temp');
  for (const digest of new Set(digests)) {
    appender.appendVarchar(digest);
    appender.endRow();
  }
  appender.closeSync();
  return quoteName(name);
}

async function queryPlaces(source: RunSource, options: PlaceOptions, join: string): Promise<RowPlace[]> {
  const { unitColumn, key } = options;
  const unit = unitColumn === undefined ? 'NULL' : textOf(unitColumn);
  const columns = [
    'data._row',
    `nullif(trim(${unit}), '')`,
    key.length === 0 ? 'NULL' : keyDigest(options),
    rowDigest(source, options),
  ];
  const query = `SELECT ${columns.join(', ')} FROM ${source.relation} AS data ${join} ORDER BY 1`;
  const result = await source.connection.runAndReadAll(query);
  return result.getRows().map(([row, cell, keyed, digest]) => ({
    row: Number(row),
    unit: cell === null || cell === undefined ? null : String(cell).slice(0, MAX_UNIT_LENGTH),
    key: keyed === null || keyed === undefined ? null : String(keyed),
    digest: String(digest),
  }));
}

function keyDigest({ key, secret }: PlaceOptions): string {
  return digestOf(`${secret}/key`, key);
}

function rowDigest({ columns }: RunSource, { secret }: PlaceOptions): string {
  return digestOf(
    `${secret}/row`,
    columns.map(({ name }) => name),
  );
}

/** Cells with their lengths in front, so that no two rows have one text. */
function digestOf(secret: string, columns: readonly string[]): string {
  const cells = columns.map((name) => `coalesce(length(${textOf(name)}) || ':' || ${textOf(name)}, '-')`);
  return `left(sha256(concat(${[quoteText(secret), ...cells].join(', ')})), ${DIGEST_DIGITS})`;
}

function textOf(column: string): string {
  return `CAST(data.${quoteName(column)} AS VARCHAR)`;
}

function assertColumns({ columns }: RunSource, { unitColumn, key }: PlaceOptions): void {
  const names = new Set(columns.map(({ name }) => name));
  const missing = [...(unitColumn === undefined ? [] : [unitColumn]), ...key].find((name) => !names.has(name));
  if (missing !== undefined) throw new ProtocolError('QUALITY_COLUMN_UNKNOWN', { field: missing });
}
