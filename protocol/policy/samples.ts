/**
 * Sample requests for a policy, with what is expected of each: a test that its author runs before it is in force.
 *
 * A sample states facts, or names a real request document and states beside it what only the owner knows.
 */
import { z } from 'zod';
import { type RequestDocument, requestDocumentSchema } from '../request.ts';
import { organisationId, purposeCode } from '../schema.ts';
import { answerByPolicy, type PolicyAnswer, type PolicyFacts } from './answer.ts';
import { grantConditionsSchema } from './conditions.ts';
import type { Policy } from './policy.ts';

const DAY_MS = 86_400_000;
const level = z.int().min(1).max(5);

/** Facts as a person writes them. */
export const sampleFactsSchema = z.strictObject({
  dataset: z.string().max(31).nullable(),
  requester: organisationId,
  requesterRoles: z.array(z.string().max(31)).max(16),
  purpose: purposeCode,
  subjects: z.enum(['person', 'enterprise']),
  sharing: z.enum(['unconditional', 'conditional']),
  fields: z.array(z.string().min(1).max(128)).max(4096),
  fieldLevel: level.nullable(),
  computation: z.string().max(63),
  departments: z.int().min(1).max(1024),
  minimumGroup: z.int().min(1).nullable(),
  noiseWidthLog2: z.int().min(-40).max(10),
  quota: z.int().min(1),
  /** Less than nothing for a term that is over. */
  termDays: z.number().min(-100_000).max(100_000),
  level,
  quality: z.int().min(0).max(10_000).nullable(),
  otherModelsDaysAgo: z.array(z.number().min(0)).max(10_000),
});

/** Facts that a sample need not state. */
export const USUAL_FACTS = {
  requesterRoles: ['bank'],
  subjects: 'person',
  sharing: 'unconditional',
  fields: [],
  fieldLevel: null,
  computation: 'sealed-scoring',
  departments: 2,
  minimumGroup: null,
  noiseWidthLog2: -12,
  level: 3,
  quality: null,
  otherModelsDaysAgo: [],
} as const;

export const expectationSchema = z.strictObject({
  decision: z.enum(['approve', 'reject', 'ask']),
  /** Uid of the rule that must decide. */
  rule: z.string().max(63).optional(),
  needsSecondApprover: z.boolean().optional(),
  /** Conditions that must be as stated; others may be anything. */
  conditions: grantConditionsSchema.partial().optional(),
  /** Terms that must be among those that failed, as `rule/leftOperand`. */
  failed: z.array(z.string().max(128)).max(64).optional(),
});

const shared = { name: z.string().min(1).max(128), expect: expectationSchema };

/** A file of samples. `defaults` are facts of every sample that states none of its own. */
export const samplesSchema = z.strictObject({
  defaults: sampleFactsSchema.partial().default({}),
  requests: z
    .array(
      z.union([
        z.strictObject({ ...shared, facts: sampleFactsSchema.partial() }),
        z.strictObject({
          ...shared,
          document: requestDocumentSchema,
          /** The moment of the decision. */
          at: z.iso.datetime(),
          facts: sampleFactsSchema.partial().default({}),
        }),
      ]),
    )
    .min(1)
    .max(10_000),
});
export type Samples = z.output<typeof samplesSchema>;

export interface SampleOutcome {
  readonly name: string;
  readonly answer: PolicyAnswer;
  readonly expected: z.output<typeof expectationSchema>;
  /** What differs from the expectation; none where the sample passes. */
  readonly differences: readonly ('decision' | 'rule' | 'needsSecondApprover' | 'conditions' | 'failed')[];
}

/** What a document says by itself. @param at - milliseconds since the epoch of the decision. */
export function documentFacts(document: RequestDocument, at: number) {
  const { requester, purpose, subjects, computation, quota } = document;
  return {
    requester,
    purpose,
    subjects,
    computation,
    departments: new Set(document.features.map(({ party }) => party)).size,
    noiseWidthLog2: document.noisePolicy.totalWidthLog2,
    quota,
    termDays: (1000 * document.expiresAt - at) / DAY_MS,
  };
}

/** Runs a policy against every sample. @throws {z.ZodError} where a sample leaves out a fact that has no usual value */
export function runSamples(policy: Policy, { defaults, requests }: Samples): readonly SampleOutcome[] {
  return requests.map((sample) => {
    const ofDocument = 'document' in sample ? documentFacts(sample.document, Date.parse(sample.at)) : {};
    const facts: PolicyFacts = sampleFactsSchema.parse({
      ...USUAL_FACTS,
      ...defaults,
      ...ofDocument,
      ...sample.facts,
    });
    const answer = answerByPolicy(policy, facts);
    return { name: sample.name, answer, expected: sample.expect, differences: differencesOf(answer, sample.expect) };
  });
}

function differencesOf(answer: PolicyAnswer, expected: SampleOutcome['expected']): SampleOutcome['differences'] {
  const failed = answer.failed.map(({ rule, leftOperand }) => `${rule}/${leftOperand}`);
  const conditions = Object.entries(expected.conditions ?? {}) as (readonly [string, unknown])[];
  const stated: Readonly<Record<string, unknown>> = answer.conditions ?? {};
  const checks = [
    ['decision', answer.decision === expected.decision],
    ['rule', expected.rule === undefined || answer.rule === expected.rule],
    [
      'needsSecondApprover',
      expected.needsSecondApprover === undefined || answer.needsSecondApprover === expected.needsSecondApprover,
    ],
    ['conditions', conditions.every(([name, value]) => JSON.stringify(stated[name]) === JSON.stringify(value))],
    ['failed', (expected.failed ?? []).every((term) => failed.includes(term))],
  ] as const;
  return checks.filter(([, holds]) => !holds).map(([name]) => name);
}
