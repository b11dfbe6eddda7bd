/**
 * The rows of a work order as a CSV file for the unit that has to repair them: whole rows, and why each fails, in words.
 *
 * The file is written beside the node for a person to hand over inside the organisation; nothing sends it. A spreadsheet
 * must not take a cell for a formula, so what could begin one gets an apostrophe in front.
 * Source: OWASP, CSV Injection; RFC 4180.
 */
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { quoteName } from '../catalogue/sql-text.ts';
import type { OrderRows } from './order-rows.ts';
import { type PlaceOptions, placesByDigest, tableOfRows } from './row-places.ts';
import type { Rule } from './rule.ts';
import type { RunSource } from './run-types.ts';

export interface OrderExport {
  /** CSV with a byte order mark, for spreadsheets. */
  readonly text: string;
  readonly exported: number;
  /** Rows of the order that are in the source no more, or cannot be told from others. */
  readonly missing: number;
}

/** What a spreadsheet may read as the beginning of a formula, also after blanks or as a full-width sign. */
const FORMULA_START = /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]/u;
const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/** A cell of a CSV file that no spreadsheet takes for a formula; a plain number stays one. */
export function safeCell(text: string): string {
  const harmless = FORMULA_START.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(harmless) || harmless !== harmless.trim() ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Why a row fails, in words: the rule's own title where it has one in the language, else each reason. */
export function reasonText(rule: Rule | undefined, reasons: OrderRows['reasons'], locale: Locale): string {
  const own = rule?.title?.[locale];
  const texts = reasons.map(({ code, details }) =>
    messageFor(code as Parameters<typeof messageFor>[0], details, locale),
  );
  return [...new Set([...(own === undefined ? [] : [own]), ...texts])].join(locale === 'zh-CN' ? ';' : '; ');
}

/** Reads the order's rows from the source as it is now: by key where the plan names one, else by what they held. */
export async function exportOrder(
  source: RunSource,
  rule: Rule | undefined,
  order: OrderRows,
  options: PlaceOptions,
  locale: Locale,
): Promise<OrderExport> {
  const by = options.key.length > 0 ? 'key' : 'digest';
  const digestOf = ([, key, digest]: OrderRows['rows'][number]): string => (by === 'key' ? (key ?? digest) : digest);
  const listed = new Map(order.rows.map((entry) => [digestOf(entry), entry]));
  const places = await placesByDigest(source, by, [...listed.keys()], options);
  const reasons = new Map(
    places.map((place) => {
      const entry = listed.get(by === 'key' ? place.key! : place.digest)!;
      return [
        place.row,
        reasonText(
          rule,
          entry[3].map((i) => order.reasons[i]!),
          locale,
        ),
      ];
    }),
  );
  const header = [
    messageFor('WORK_ORDER_COLUMN_ROW', {}, locale),
    messageFor('WORK_ORDER_COLUMN_REASON', {}, locale),
    ...source.columns.map(({ name }) => name),
  ];
  const lines = [header, ...(await rowsOf(source, reasons))].map((cells) => cells.map(safeCell).join(','));
  const exported = reasons.size;
  return { text: `\uFEFF${lines.join('\r\n')}\r\n`, exported, missing: Math.max(0, listed.size - exported) };
}

async function rowsOf(source: RunSource, reasons: ReadonlyMap<number, string>): Promise<string[][]> {
  const { connection, relation, columns } = source;
  const table = await tableOfRows(source, 'rows_to_export', [...reasons.keys()]);
  try {
    const cells = columns.map(({ name }) => `CAST(data.${quoteName(name)} AS VARCHAR)`);
    const result = await connection.runAndReadAll(
      `SELECT ${['data._row', ...cells].join(', ')} FROM ${relation} AS data SEMI JOIN ${table} AS wanted ON data._row = wanted.row ORDER BY 1`,
    );
    return result
      .getRows()
      .map(([row, ...values]) => [
        String(row),
        reasons.get(Number(row)) ?? '',
        ...values.map((value) => (value === null ? '' : String(value))),
      ]);
  } finally {
    await connection.run(`DROP TABLE ${table}`);
  }
}
