/**
 * A department's features as columns of integers in register order, and one chunk of them in slot order.
 *
 * Every register subject gets a value: a subject without a row takes the imputation value that the catalogue declares.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { quantise } from '@sealedger/protocol/fixed-point.ts';
import type { FeatureDefinition } from '@sealedger/protocol/model.ts';
import { type DatasetConfig, subjectOfRow } from '../catalogue/dataset.ts';
import { readRows } from '../catalogue/rows.ts';
import { type RegisterView, rankOf, tagOf } from '../match/register.ts';

/** Values of one feature by register rank, in the narrowest words that hold them. */
export type Column = Uint8Array<SharedArrayBuffer> | Uint16Array<SharedArrayBuffer> | Uint32Array<SharedArrayBuffer>;

/** Feature columns by register rank, in memory that worker threads share. */
export interface FeatureColumns {
  readonly people: number;
  readonly columns: readonly Column[];
  /** Rows of the table whose subject the register does not know. */
  readonly rowsOutsideRegister: number;
}

/**
 * Quantises the cells of a dataset into columns by register rank.
 * @param definitions - features of this department, in the request's order.
 * @throws {ProtocolError} as readRows and subjectOfRow; CELL_NOT_NUMERIC.
 */
export async function loadColumns(
  dataset: DatasetConfig,
  definitions: readonly FeatureDefinition[],
  register: RegisterView,
): Promise<FeatureColumns> {
  const columns = definitions.map((definition) => createColumn(definition, register.people));
  definitions.forEach((definition, i) => {
    columns[i]!.fill(quantise(definition, null, 0));
  });
  const fields = [...new Set(definitions.map((definition) => definition.field))];
  const cellOf = definitions.map((definition) => 1 + fields.indexOf(definition.field));
  const seen = new Uint8Array(register.people);
  let rowsOutsideRegister = 0;
  await readRows(dataset, [dataset.subject, ...fields], ({ firstRow, rows }) => {
    rows.forEach((cells, offset) => {
      const row = firstRow + offset;
      const subject = subjectOfRow(dataset, cells[0] ?? null, row);
      if (subject === null) return;
      const rank = rankOf(register.tags, tagOf(register.key, subject));
      if (rank < 0) {
        rowsOutsideRegister += 1;
        return;
      }
      if (seen[rank] === 1)
        throw new ProtocolError('ROW_DUPLICATE_SUBJECT', { dataset: dataset.name, row, firstRow: 'earlier' });
      seen[rank] = 1;
      definitions.forEach((definition, i) => {
        columns[i]![rank] = quantise(definition, cells[cellOf[i]!] ?? null, row);
      });
    });
  });
  return { people: register.people, columns, rowsOutsideRegister };
}

/**
 * The values of one chunk in slot order; slots past the register hold 0.
 * @param rankOfSlot - for every slot below `people` the register rank that sits there.
 */
export function chunkColumns(
  features: FeatureColumns,
  rankOfSlot: Uint32Array,
  chunk: number,
  chunkSlots: number,
): (Uint16Array | Uint32Array)[] {
  const first = chunk * chunkSlots;
  const used = Math.min(chunkSlots, features.people - first);
  return features.columns.map((column) => {
    const values = column instanceof Uint32Array ? new Uint32Array(chunkSlots) : new Uint16Array(chunkSlots);
    for (let i = 0; i < used; i++) values[i] = column[rankOfSlot[first + i]!]!;
    return values;
  });
}

function createColumn(definition: FeatureDefinition, people: number): Column {
  const { valueBits } = definition;
  if (valueBits <= 8) return new Uint8Array(new SharedArrayBuffer(people));
  if (valueBits <= 16) return new Uint16Array(new SharedArrayBuffer(2 * people));
  return new Uint32Array(new SharedArrayBuffer(4 * people));
}
