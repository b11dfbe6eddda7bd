/** Runs a rule set over a relation on a locked connection: counts out, places of failing cells to the sink. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RuleSet } from './rule.ts';
import type { QualityRun, RunOptions, RunSource } from './run-types.ts';

export type {
  CheckResult,
  DatasetProfile,
  Failure,
  FailureSink,
  QualityRun,
  RuleResult,
  RunOptions,
  RunSource,
} from './run-types.ts';

/**
 * Runs every rule of a set.
 * @throws {ProtocolError} RULE_FIELD_UNKNOWN, RULE_SQL_INVALID, RULE_SQL_FORBIDDEN before any row is read; RULE_RUN_FAILED,
 *   RULES_NOT_CONFINED, RULES_TIMED_OUT, RULES_OUT_OF_MEMORY; none of them names a cell.
 */
export async function runRuleSet(source: RunSource, ruleSet: RuleSet, options: RunOptions): Promise<QualityRun> {
  void options;
  const columns = new Set(source.columns.map(({ name }) => name));
  for (const { id, fields } of ruleSet.rules) {
    const field = fields.find((name) => !columns.has(name));
    if (field !== undefined) throw new ProtocolError('RULE_FIELD_UNKNOWN', { rule: id, field });
  }
  throw new ProtocolError('RULES_NOT_CONFINED', { setting: 'lock_configuration' });
}
