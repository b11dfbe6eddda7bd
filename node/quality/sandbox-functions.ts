/**
 * What a rule's SQL may call. Everything else is refused by name, so that a function that a later DuckDB brings is
 * refused too.
 *
 * Left out on purpose: what reads files, settings, the catalogue, the clock or chance; what can make a large value out of
 * a small one (repeat, range, lpad, printf, lists); what can say a cell in an error (error); what depends on row order.
 */

/** Functions of one row. */
const SCALAR: readonly string[] = [
  // operators as the parser names them
  ...[
    '+',
    '-',
    '*',
    '/',
    '//',
    '%',
    '^',
    '**',
    '&',
    '|',
    '~~',
    '!~~',
    '~~*',
    '!~~*',
    '~~~',
    '^@',
    '@',
    '<<',
    '>>',
    '~',
    '!~',
  ],
  ...[
    '||',
    'concat',
    'concat_ws',
    'coalesce',
    'nullif',
    'ifnull',
    'if',
    'greatest',
    'least',
    'like_escape',
    'not_like_escape',
  ],
  // texts
  ...['length', 'len', 'char_length', 'character_length', 'strlen', 'octet_length', 'lower', 'lcase', 'upper', 'ucase'],
  ...[
    'trim',
    'ltrim',
    'rtrim',
    'substring',
    'substr',
    'left',
    'right',
    'replace',
    'translate',
    'reverse',
    'strip_accents',
  ],
  ...[
    'contains',
    'prefix',
    'suffix',
    'starts_with',
    'ends_with',
    'instr',
    'position',
    'strpos',
    'ascii',
    'unicode',
    'ord',
  ],
  ...['regexp_matches', 'regexp_full_match', 'regexp_extract', 'regexp_replace', 'split_part', 'nfc_normalize'],
  ...[
    'levenshtein',
    'editdist3',
    'damerau_levenshtein',
    'hamming',
    'jaccard',
    'jaro_similarity',
    'jaro_winkler_similarity',
  ],
  // numbers
  ...[
    'abs',
    'sign',
    'ceil',
    'ceiling',
    'floor',
    'round',
    'trunc',
    'mod',
    'pow',
    'power',
    'sqrt',
    'exp',
    'ln',
    'log',
    'log2',
    'log10',
  ],
  ...['isfinite', 'isnan', 'isinf', 'even', 'gcd', 'lcm', 'divide', 'multiply', 'subtract', 'add', 'fmod', 'fdiv'],
  // dates
  ...['date_part', 'datepart', 'date_trunc', 'datetrunc', 'date_diff', 'datediff', 'date_sub', 'datesub', 'date_add'],
  ...[
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second',
    'quarter',
    'week',
    'weekofyear',
    'dayofweek',
    'isodow',
    'dayofyear',
  ],
  ...[
    'last_day',
    'make_date',
    'strptime',
    'try_strptime',
    'strftime',
    'to_days',
    'to_months',
    'to_years',
    'to_weeks',
    'to_hours',
  ],
  ...['to_minutes', 'to_seconds', 'epoch', 'age'],
];

/** Functions over rows, for rules of type `sql`. */
const AGGREGATE: readonly string[] = [
  ...['count', 'count_star', 'sum', 'min', 'max', 'avg', 'mean', 'median', 'mode', 'bool_and', 'bool_or', 'count_if'],
  ...[
    'stddev',
    'stddev_samp',
    'stddev_pop',
    'variance',
    'var_samp',
    'var_pop',
    'quantile_cont',
    'quantile_disc',
    'corr',
  ],
  ...['arg_min', 'arg_max', 'min_by', 'max_by', 'any_value', 'row_number', 'rank', 'dense_rank', 'lag', 'lead'],
  ...['first_value', 'last_value', 'percent_rank', 'cume_dist', 'ntile'],
];

/** Our own: check digits and keys as a rule of type checkDigit or duplicateEntity sees them, and the time of the run. */
export const MACROS = [
  'is_resident_id',
  'is_credit_code',
  'is_organisation_code',
  'is_division_code',
  'text_key',
  'company_key',
  'identifier_key',
  'as_of',
] as const;

export const SCALAR_FUNCTIONS: ReadonlySet<string> = new Set<string>([...SCALAR, ...MACROS]);
export const SELECT_FUNCTIONS: ReadonlySet<string> = new Set<string>([...SCALAR_FUNCTIONS, ...AGGREGATE]);

/** Names that are no column but a value of the session, where no column has them. */
export const SESSION_NAMES: ReadonlySet<string> = new Set([
  ...['current_catalog', 'current_database', 'current_date', 'current_query', 'current_role', 'current_schema'],
  ...['current_time', 'current_timestamp', 'current_user', 'localtime', 'localtimestamp', 'session_user', 'user'],
  ...['rowid', 'filename', 'file_row_number', 'file_index', 'get_current_timestamp', 'now', 'today'],
]);

/** Types to cast to: none whose one value can be large, none that a catalogue defines. */
export const CAST_TYPES: ReadonlySet<string> = new Set([
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'],
  ...['UHUGEINT', 'FLOAT', 'DOUBLE', 'DECIMAL', 'VARCHAR', 'DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS'],
  ...['TIMESTAMP_NS', 'INTERVAL'],
]);

/**
 * How much longer than its operands a function's text can be: the doublings that one call may bring.
 * @param literal - length of the longest text that stands in the call itself.
 * @returns whole bits; a rule may have {@link GROWTH_BITS} of them in all.
 */
export function growthBits(name: string, operands: number, literal: number): number {
  switch (name) {
    case '||':
    case 'concat':
    case 'concat_ws':
      return Math.ceil(Math.log2(Math.max(operands, 1)));
    case 'replace':
    case 'regexp_replace':
    case 'translate':
      return Math.ceil(Math.log2(Math.max(literal, 1)));
    default:
      return 0;
  }
}

/** Texts grow at most 2^8-fold: 2,048 cells of 2 kB, as many as DuckDB computes at once, stay at 1 GiB. */
export const GROWTH_BITS = 8;
