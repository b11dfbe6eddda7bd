/** Why a row fails a rule, as a code of the message catalogue with fields and bounds; never a cell. */
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { maxAgeDays } from './compile.ts';
import type { Rule, RuleType } from './rule.ts';

const CODES = {
  notNull: 'ROW_CELL_MISSING',
  type: 'ROW_CELL_TYPE',
  pattern: 'ROW_CELL_PATTERN',
  codeList: 'ROW_CELL_CODE',
  range: 'ROW_CELL_RANGE',
  length: 'ROW_CELL_LENGTH',
  unique: 'ROW_KEY_DOUBLED',
  reference: 'ROW_REFERENCE_UNKNOWN',
  dependency: 'ROW_DEPENDENCY',
  expression: 'ROW_EXPRESSION',
  conditional: 'ROW_CONDITIONAL',
  checkDigit: 'ROW_CHECK_DIGIT',
  dateOrder: 'ROW_DATE_ORDER',
  freshness: 'ROW_LATE',
  rowCountDrift: 'DATASET_ROW_COUNT',
  distributionDrift: 'DATASET_DISTRIBUTION',
  duplicateEntity: 'ROW_ENTITY_DOUBLED',
  consensus: 'ROW_CONSENSUS',
  typo: 'ROW_TYPO',
  sql: 'ROW_SQL',
} as const satisfies Record<RuleType, ErrorCode>;

/** The reason of a failure of a rule in these fields. */
export function reasonOf(
  rule: Rule,
  fields: readonly string[],
): { readonly code: ErrorCode; readonly details: ErrorDetails } {
  const isWhole = rule.type === 'freshness' && rule.of === 'dataset';
  const code = isWhole ? 'DATASET_LATE' : CODES[rule.type];
  return { code, details: { rule: rule.id, fields: fields.join(', '), ...boundsOf(rule) } };
}

function boundsOf(rule: Rule): ErrorDetails {
  switch (rule.type) {
    case 'type':
      return { type: rule.is };
    case 'range':
    case 'length':
      return { min: rule.min ?? '−∞', max: rule.max ?? '∞' };
    case 'reference':
      return { table: rule.to.table };
    case 'dependency':
      return { determinant: rule.determinant.join(', ') };
    case 'checkDigit':
      return { kind: rule.kind };
    case 'freshness':
      return { days: maxAgeDays(rule) };
    case 'rowCountDrift':
      return { percent: Math.round(rule.maxChange * 100) };
    case 'distributionDrift':
      return { limit: rule.maxPsi };
    default:
      return {};
  }
}
