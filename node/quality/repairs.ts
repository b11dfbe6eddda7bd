/**
 * Repairs of a node's datasets: proposed from a run of the rules over the source as it is, decided on, written as a patch.
 *
 * A run made for repairs is not a scored one: nothing of it is recorded or anchored.
 */
import { join } from 'node:path';
import { type AssessParts, changedMs, datasetOf, planOf, previousProfile } from './assess.ts';
import { assertAbout, runOptions, withDataset } from './measure.ts';
import { proposeRepairs, type RepairProposal } from './repair.ts';
import { createRepairBook, type PatchResult, type RepairBook } from './repair-book.ts';
import { learnedConfidence } from './repair-confidence.ts';
import { readRuleSet } from './rule-set.ts';
import { runRuleSet } from './run.ts';
import type { Failure, RunProgress } from './run-types.ts';

export interface Repairs {
  readonly book: RepairBook;
  /** @throws {ProtocolError} QUALITY_PLAN_UNKNOWN, DATASET_NOT_OFFERED, RULE_*, SOURCE_*, REPAIR_FAILED */
  propose(dataset: string, progress: (progress: RunProgress) => void): Promise<ProposedRepairs>;
  /** @throws {ProtocolError} DATASET_NOT_OFFERED, SOURCE_*, REPAIR_PATCH_UNWRITABLE */
  patch(dataset: string): Promise<PatchResult & { readonly file: string }>;
}

export interface ProposedRepairs {
  /** Failing cells, each counted once. */
  readonly failing: number;
  readonly proposed: number;
  /** Proposals that wait for a decision. */
  readonly open: number;
}

export interface RepairParts {
  /** Of fingerprints of cells; 32 bytes that serve nothing else. */
  readonly key: Uint8Array;
  /** Where patch files are written. */
  readonly directory: string;
}

/** Proposals kept for one dataset at a time. */
const MAX_PROPOSALS = 100_000;

export function createRepairs(parts: AssessParts, { key, directory }: RepairParts): Repairs {
  const book = createRepairBook({ state: parts.state, clock: parts.clock });
  return {
    book,
    propose: async (dataset, progress) => {
      const { failures, proposals } = await proposeFor(parts, book, key, dataset, progress);
      const cells = failures.flatMap(({ row, fields }) =>
        row === null ? [] : fields.map((field) => `${row}/${field}`),
      );
      return {
        failing: new Set(cells).size,
        proposed: proposals.length,
        open: await book.put(dataset, proposals),
      };
    },
    patch: async (dataset) => {
      const { config } = datasetOf(parts, dataset);
      const file = join(directory, `${dataset}-${parts.clock.now()}.patch.jsonl`);
      return { file, ...(await withDataset(config, (source) => book.writePatch(dataset, source, key, file))) };
    },
  };
}

async function proposeFor(
  parts: AssessParts,
  book: RepairBook,
  key: Uint8Array,
  dataset: string,
  progress: (progress: RunProgress) => void,
): Promise<{ readonly failures: readonly Failure[]; readonly proposals: readonly RepairProposal[] }> {
  const plan = planOf(parts, dataset);
  const { config } = datasetOf(parts, dataset);
  const ruleSet = await readRuleSet(plan.rules);
  assertAbout(ruleSet, plan);
  const confidence = learnedConfidence(await book.decisions(dataset));
  const failures: Failure[] = [];
  const sink = { write: async (found: readonly Failure[]) => found.forEach((failure) => void failures.push(failure)) };
  const options = {
    org: parts.org,
    plan,
    ruleSet,
    now: parts.clock.now(),
    salt: '',
    secret: parts.rowSecret,
    previous: await previousProfile(parts, dataset),
    sourceChangedMs: await changedMs(config),
    sample: null,
    progress,
  };
  return withDataset(config, async (source) => {
    await runRuleSet(source, ruleSet, runOptions(config, options, sink));
    const proposals = await proposeRepairs(source, ruleSet, failures, { key, limit: MAX_PROPOSALS, confidence });
    return { failures, proposals };
  });
}
