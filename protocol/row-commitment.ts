/**
 * The commitment to a table: a Merkle tree over its rows, one leaf per row in the table's order.
 *
 * leaf = SHA-256(0x00 ‖ schema ‖ salt ‖ SHA-256(row)), the leaf hash of RFC 9162 over 80 bytes:
 * - schema: 32 bytes, digest of the encoding's number and of all columns with their types, in order;
 * - salt: 16 bytes, of this row alone, a keyed function of version and row number that the owner keeps;
 * - row: for each column `LENGTH:TEXT,` (a netstring, length in bytes of UTF-8), for a missing cell `:,`.
 * The text of a cell is what {@link CELL_TEXTS} says for its type, so a CSV file (all text) and a Parquet file of the same
 * content (numbers, dates) have different commitments.
 *
 * The root stands on chain. A row is opened with its cells, salt and inclusion proof; rows that are not opened stay hidden
 * behind their salts. A proof system that needs another hash can commit to the same rows beside this: `encoding` names it.
 * Source: RFC 9162, 2.1 (tree); Bernstein 1997 (netstrings).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from './bytes.ts';
import { digest } from './canonical.ts';
import { domains } from './domains.ts';
import { leafHash, verifyInclusion } from './merkle.ts';

export const ROW_ENCODING = 1;
export const ROW_SALT_BYTES = 16;

/** How a cell of a type is written: by DuckDB's text of a value unless it is listed here. */
export const CELL_TEXTS = {
  'TIMESTAMP WITH TIME ZONE': 'microseconds since the epoch',
  BLOB: 'hexadecimal, upper case',
  nested: 'JSON, as to_json of DuckDB writes it',
} as const;

export interface RowColumn {
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
}

/** A row that its owner shows to somebody. */
export interface OpenedRow {
  /** 1-based. */
  readonly row: number;
  /** Texts in the order of the columns; null where the cell is missing. */
  readonly cells: readonly (string | null)[];
  readonly salt: Uint8Array;
  /** Sibling hashes from the leaf up. */
  readonly proof: readonly Uint8Array[];
}

/** Digest of the columns; 32 bytes. */
export function rowSchema(columns: readonly RowColumn[]): Uint8Array {
  return digest(domains.rowLeaf, {
    encoding: ROW_ENCODING,
    columns: columns.map(({ name, type }) => ({ name, type })),
  });
}

/** The bytes of a row: netstrings of its cells. No two rows of as many columns have the same. */
export function encodeRow(cells: readonly (string | null)[]): Uint8Array {
  return utf8(cells.map((cell) => (cell === null ? ':,' : `${utf8(cell).length}:${cell},`)).join(''));
}

/** Leaf hash of a row. @param schema - of {@link rowSchema}. @param salt - 16 bytes. */
export function rowLeaf(schema: Uint8Array, salt: Uint8Array, cells: readonly (string | null)[]): Uint8Array {
  return leafHash(concat(schema, salt, sha256(encodeRow(cells))));
}

/**
 * Whether an opened row is the one that the owner committed to.
 * Learns: who is shown a row learns its cells and number, and of the others only how many there are.
 * @param claim.root - commitment on chain, 32 bytes. @param claim.rows - number of rows of the version.
 */
export function verifyOpenedRow(claim: {
  readonly root: Uint8Array;
  readonly rows: number;
  readonly columns: readonly RowColumn[];
  readonly opened: OpenedRow;
}): boolean {
  const { root, rows, columns, opened } = claim;
  if (opened.salt.length !== ROW_SALT_BYTES || opened.cells.length !== columns.length) return false;
  if (!opened.cells.every((cell) => cell === null || cell.isWellFormed())) return false;
  const leaf = rowLeaf(rowSchema(columns), opened.salt, opened.cells);
  return verifyInclusion({ leafHash: leaf, index: opened.row - 1, treeSize: rows, proof: opened.proof, root });
}
