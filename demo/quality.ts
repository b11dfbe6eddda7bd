/** Quality in the main job: the rules that a scenario's tables can be asked for, and a scored run of each dataset. */
import type { InlineDataset } from '@sealedger/node/catalogue/dataset.ts';
import { callAdmin } from '@sealedger/node/cli/admin-client.ts';
import type { Rule } from '@sealedger/node/quality/rule.ts';
import { qualityContracts } from '@sealedger/node/services/admin-quality.ts';
import type { Locale } from '@sealedger/protocol/messages/catalogue.ts';

/** Fields of one rule: a rule set takes no more. */
const FIELDS_PER_RULE = 256;
/** Cells may be empty in real tables; from this share on they count against the score more than by their number. */
const PRESENT_SHARE = 0.9;

type RuleDraft = { readonly id: string; readonly type: Rule['type'] } & Readonly<Record<string, unknown>>;

/**
 * What holds of any scenario's table: subjects are there, well-formed and named once, numbers are numbers, cells are filled.
 * JSON, which is YAML.
 */
export function scenarioRules({ name, subject, fields }: InlineDataset): string {
  const numbers = fields.filter(({ kind }) => kind === 'number').map((field) => field.name);
  const all = fields.map((field) => field.name);
  const rules: RuleDraft[] = [
    { id: 'subject-present', type: 'notNull', field: subject, dimension: 'completeness', severity: 'critical' },
    { id: 'subject-once', type: 'unique', fields: [subject], dimension: 'consistency', severity: 'critical' },
    {
      id: 'subject-form',
      type: 'pattern',
      field: subject,
      dimension: 'conformity',
      pattern: '[0-9A-HJ-NPQRTUWXY]{18}',
    },
    ...inGroups(numbers).map((group, i): RuleDraft => {
      return { id: `numbers-${i + 1}`, type: 'type', fields: group, dimension: 'accuracy', is: 'number' };
    }),
    ...inGroups(all).map((group, i): RuleDraft => {
      const bounds = { dimension: 'completeness', severity: 'minor', threshold: PRESENT_SHARE };
      return { id: `filled-${i + 1}`, type: 'notNull', fields: group, ...bounds };
    }),
  ];
  return `${JSON.stringify({ ruleSet: name, version: 1, dataset: name, rules }, null, 1)}\n`;
}

function inGroups(fields: readonly string[]): string[][] {
  const groups = Array.from({ length: Math.ceil(fields.length / FIELDS_PER_RULE) }, (_, i) => i * FIELDS_PER_RULE);
  return groups.map((start) => fields.slice(start, start + FIELDS_PER_RULE));
}

/** Dataset and score of 0 to 100. */
export type MeasuredQuality = { readonly dataset: string; readonly score: number };

/** Has a running node run its rules and record the score, as its operator would. @param config - the node's file. */
export async function measureQuality(config: string, dataset: string, locale: Locale): Promise<MeasuredQuality> {
  const { report } = await callAdmin(config, qualityContracts.run, { dataset }, { stderr: () => undefined, locale });
  return { dataset, score: report.score.basisPoints / 100 };
}
