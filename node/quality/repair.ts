/**
 * Proposed repairs: what failing cells should hold, how sure that is, and why. A person decides on each; nothing is applied.
 *
 * Parties: the department alone. Proposals hold new values of cells and never leave the node but in the patch file that its
 * own person writes for the source. A proposal names the cell by row, field and a keyed fingerprint of what stands there
 * now, so that it is void once the cell changed.
 *
 * Confidence is the share of proposals of the same method and evidence that are right, as far as it is known: at first from
 * the measurement in docs/decisions/0018, later from what people here accepted and refused (node/quality/repair-confidence.ts).
 */
import { createHmac } from 'node:crypto';
import type { RepairReason } from '@sealedger/protocol/messages/repair.ts';
import { quoteName } from '../catalogue/sql-text.ts';
import {
  type Candidate,
  candidatesOf,
  failingKey,
  type RepairContext,
  type RepairMethod,
  tableOfCells,
} from './repair-candidates.ts';
import { type Confidence, initialConfidence } from './repair-confidence.ts';
import type { RuleSet } from './rule.ts';
import type { Failure, RunSource } from './run-types.ts';

/** A proposed repair of one cell; stays in the department. */
export interface RepairProposal {
  /** 1-based row and field of the cell. */
  readonly row: number;
  readonly field: string;
  /** The rule that proposes. */
  readonly ruleId: string;
  readonly method: RepairMethod;
  /** Keyed digest of the cell as it is now, 32 bytes in hex. */
  readonly fingerprint: string;
  /** New text of the cell; empty where it should be empty. */
  readonly proposed: string;
  /** Expected share of such proposals that are right, in basis points. */
  readonly confidence: number;
  /** Why, in words; its details name rule, field and shares, never a cell. */
  readonly reason: { readonly code: RepairReason; readonly details: Readonly<Record<string, string | number>> };
}

export interface RepairOptions {
  /** 32 bytes that serve nothing else: key of fingerprints. */
  readonly key: Uint8Array;
  /** Proposals made at most; the surest stay. */
  readonly limit: number;
  readonly confidence?: Confidence;
  /** Proposals less sure than this are not worth a person's time; basis points, 5000 unless given. */
  readonly minConfidence?: number;
}

const REASONS = {
  consensus: 'REPAIR_CONSENSUS',
  sources: 'REPAIR_SOURCES',
  dependency: 'REPAIR_DEPENDENCY',
  reference: 'REPAIR_REFERENCE',
  checkDigit: 'REPAIR_CHECK_DIGIT',
  format: 'REPAIR_FORMAT',
  rule: 'REPAIR_RULE',
  codeList: 'REPAIR_CODE_LIST',
  typo: 'REPAIR_TYPO',
  word: 'REPAIR_WORD',
} as const satisfies Record<RepairMethod, RepairReason>;
const BASIS_POINTS = 10_000;
/** No proposal is certain. */
const MOST = 0.99;

/**
 * Proposes repairs of failing cells. Failures without a row or a field have no cell and get none.
 * @param failures - as a run gave them to its sink; rules that are not in the set are left out.
 * @returns one proposal per cell at most, in the order of rows and fields.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN, REPAIR_FAILED
 */
export async function proposeRepairs(
  source: RunSource,
  ruleSet: RuleSet,
  failures: readonly Pick<Failure, 'ruleId' | 'row' | 'fields'>[],
  options: RepairOptions,
): Promise<readonly RepairProposal[]> {
  const failing = failingCells(ruleSet, failures);
  if (failing.length === 0) return [];
  const cells = await tableOfCells(source.connection, failing);
  const keys = new Set(failing.map(({ rule, field }) => failingKey(rule, field)));
  try {
    const context = {
      source: { ...source, missing: ruleSet.missing },
      ruleSet,
      cells,
      failing: keys,
      limit: options.limit,
    };
    const chosen = await chooseRepairs(context, new Set(failing.map(({ field }) => field)), options);
    return await fingerprinted(source, cells, chosen, options.key);
  } finally {
    await source.connection.run(`DROP TABLE IF EXISTS ${cells}`);
  }
}

/** Keyed digest of a cell's text in its place. @param cell - null and the empty text are one. @returns 32 bytes in hex. */
export function cellFingerprint(key: Uint8Array, row: number, field: string, cell: string | null): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([row, field, cell ?? '']))
    .digest('hex');
}

type Chosen = Omit<RepairProposal, 'fingerprint'>;

function failingCells(ruleSet: RuleSet, failures: readonly Pick<Failure, 'ruleId' | 'row' | 'fields'>[]) {
  const places = new Map(ruleSet.rules.map(({ id }, index) => [id, index]));
  return failures.flatMap(({ ruleId, row, fields }) => {
    const rule = places.get(ruleId);
    return rule === undefined || row === null ? [] : fields.map((field) => ({ rule, field, row }));
  });
}

async function chooseRepairs(
  context: RepairContext,
  fields: ReadonlySet<string>,
  { limit, confidence = initialConfidence, minConfidence = 5000 }: RepairOptions,
): Promise<readonly Chosen[]> {
  const chosen: Chosen[] = [];
  for (const field of fields) {
    const byRow = new Map<number, Candidate[]>();
    for (const [index, rule] of context.ruleSet.rules.entries()) {
      if (!rule.fields.includes(field)) continue;
      for (const candidate of await candidatesOf(context, rule, index, field)) {
        byRow.set(candidate.row, [...(byRow.get(candidate.row) ?? []), candidate]);
      }
    }
    for (const candidates of byRow.values()) chosen.push(best(field, candidates, confidence));
  }
  return chosen
    .filter((proposal) => proposal.confidence >= minConfidence)
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, limit)
    .toSorted((a, b) => a.row - b.row || (a.field < b.field ? -1 : 1));
}

/** The value for which most speaks. Ways to one value support each other; ways to others count against it. */
function best(field: string, candidates: readonly Candidate[], confidence: Confidence): Chosen {
  const values = Map.groupBy(candidates, ({ proposed }) => proposed);
  const told = [...values.values()].map((group) => {
    const ways = group
      .map((candidate) => ({ candidate, sure: confidence(candidate) }))
      .toSorted((a, b) => b.sure - a.sure || (a.candidate.ruleId < b.candidate.ruleId ? -1 : 1));
    const methods = new Map(ways.toReversed().map(({ candidate, sure }) => [candidate.method, sure]));
    const doubt = [...methods.values()].reduce((product, sure) => product * (1 - sure), 1);
    return { candidate: ways[0]!.candidate, sure: 1 - doubt };
  });
  const [first, ...others] = told.toSorted(
    (a, b) => b.sure - a.sure || (a.candidate.proposed < b.candidate.proposed ? -1 : 1),
  );
  const { candidate, sure } = first!;
  const against = others.reduce((sum, other) => sum + other.sure, 0);
  const { row, ruleId, method, proposed, evidence } = candidate;
  return {
    row,
    field,
    ruleId,
    method,
    proposed,
    confidence: Math.round(BASIS_POINTS * Math.min(MOST, (sure * sure) / (sure + against))),
    reason: { code: REASONS[method], details: { rule: ruleId, field, share: Math.round(evidence * 100) } },
  };
}

async function fingerprinted(
  source: RunSource,
  cells: string,
  chosen: readonly Chosen[],
  key: Uint8Array,
): Promise<readonly RepairProposal[]> {
  const now = new Map<string, string | null>();
  for (const field of new Set(chosen.map((proposal) => proposal.field))) {
    const result = await source.connection.runAndReadAll(
      `SELECT _row, CAST(${quoteName(field)} AS VARCHAR) FROM ${source.relation} SEMI JOIN ${cells} AS wanted ON _row = wanted.row`,
    );
    for (const [row, cell] of result.getRows()) now.set(`${row}/${field}`, cell === null ? null : String(cell));
  }
  return chosen.map((proposal) => {
    const { row, field } = proposal;
    return { ...proposal, fingerprint: cellFingerprint(key, row, field, now.get(`${row}/${field}`) ?? null) };
  });
}
