/**
 * What a run of a rule set takes and gives.
 *
 * Counts and aggregates leave a run; the place of a failing cell goes to the sink, which stays in the department; a
 * cell's content goes nowhere.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import type { Rule, RuleSet } from './rule.ts';

/** A readable relation with a column `_row`, the 1-based number of each row, on a locked connection. */
export interface RunSource {
  readonly connection: DuckDBConnection;
  /** Quoted SQL name. */
  readonly relation: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** One failing row of one rule. */
export interface Failure {
  readonly ruleId: string;
  /** 1-based; null where the dataset as a whole fails. */
  readonly row: number | null;
  readonly fields: readonly string[];
  /** Why, in words, out of the message catalogue; its details name fields and bounds, never a cell. */
  readonly reason: { readonly code: ErrorCode; readonly details: ErrorDetails };
}

/** Takes the failures of a run, rule by rule and in row order within a rule and its fields. */
export interface FailureSink {
  write(failures: readonly Failure[]): Promise<void>;
}

/** Part of a rule: one field of a rule over several fields, or the rule itself. */
export interface CheckResult {
  readonly fields: readonly string[];
  /** Cells or rows to which the rule applied; 1 where it looks at the dataset as a whole. */
  readonly checked: number;
  readonly failing: number;
}

export interface RuleResult {
  readonly rule: Rule;
  readonly checks: readonly CheckResult[];
  readonly checked: number;
  readonly failing: number;
  /** Whether only the sampled rows were checked. */
  readonly sampled: boolean;
  /** What a rule about the whole dataset measured (PSI, change of the row count, age in days); null for others. */
  readonly measured: number | null;
  /** Failures given to the sink; below `failing` where the limit per rule cut them off. */
  readonly reported: number;
}

/** Shares of a field's values over bins, kept by the node for the comparison with the next version. */
export type Distribution =
  | {
      readonly field: string;
      readonly as: 'number';
      /** Upper ends of all bins but the last, ascending. */
      readonly edges: readonly number[];
      /** Rows per bin; last of all, rows with a missing or unreadable cell. */
      readonly counts: readonly number[];
    }
  | {
      readonly field: string;
      readonly as: 'category';
      /** SHA-256 of the most frequent values. */
      readonly values: readonly string[];
      /** Rows per value, then of all other values, then with a missing cell. */
      readonly counts: readonly number[];
    };

/** Aggregates of a version: state of the node, never sent. */
export interface DatasetProfile {
  readonly rows: number;
  readonly distributions: readonly Distribution[];
}

export interface RunOptions {
  readonly sink: FailureSink;
  /** Failures given to the sink for one rule at most; counts stay exact. */
  readonly maxFailuresPerRule: number;
  readonly timeoutMs: number;
  /** Time against which data is fresh or late; milliseconds since the epoch. */
  readonly asOfMs: number;
  /** When the source last changed, where that is known. */
  readonly sourceChangedMs: number | null;
  /** Aggregates of the version before; null for a first version. */
  readonly previous: DatasetProfile | null;
  /** Row-level rules look at so many rows, chosen by the seed; null: at all. */
  readonly sample: { readonly rows: number; readonly seed: string } | null;
  readonly progress: (progress: RunProgress) => void;
}

export interface RunProgress {
  /** Steps done and steps in all; the first step, row-level rules, is the longest as a rule. */
  readonly done: number;
  readonly total: number;
}

export interface QualityRun {
  readonly ruleSet: RuleSet;
  readonly ruleSetHash: string;
  readonly rows: number;
  readonly asOfMs: number;
  readonly sample: { readonly rows: number; readonly seed: string } | null;
  readonly rules: readonly RuleResult[];
  /** For the comparison with the next version. */
  readonly profile: DatasetProfile;
}
