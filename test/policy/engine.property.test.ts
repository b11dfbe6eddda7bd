/** Laws of the engine: total, and stricter with every prohibition and bound; and policies bent at random. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerByPolicy, type PolicyFacts } from '@sealedger/protocol/policy/answer.ts';
import { ALL_DATASETS, type Policy, type PolicyConstraint, parsePolicy } from '@sealedger/protocol/policy/policy.ts';
import { simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import * as fc from 'fast-check';

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const facts: fc.Arbitrary<PolicyFacts> = fc.record({
  dataset: pick('tax', 'court', null),
  requester: pick('bank', 'other-bank'),
  requesterRoles: pick(['bank'], ['bank', 'gate'], []),
  purpose: pick('credit-underwriting', 'marketing'),
  subjects: pick('person' as const, 'enterprise' as const),
  sharing: pick('unconditional' as const, 'conditional' as const),
  fields: fc.subarray(['arrears', 'years', 'name']),
  fieldLevel: fc.option(fc.integer({ min: 1, max: 5 })),
  computation: pick('sealed-scoring', 'mean'),
  departments: fc.integer({ min: 1, max: 4 }),
  minimumGroup: fc.option(fc.integer({ min: 1, max: 20 })),
  noiseWidthLog2: fc.integer({ min: -20, max: 0 }),
  quota: fc.integer({ min: 1, max: 1000 }),
  termDays: fc.double({ min: -1, max: 400, noNaN: true }),
  level: fc.integer({ min: 1, max: 5 }),
  quality: fc.option(fc.integer({ min: 0, max: 10_000 })),
  otherModelsDaysAgo: fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 4 }),
});
/** Bounds of a request; those that say who decides, or of use, are left out: naming them is no bound. */
const bound: fc.Arbitrary<PolicyConstraint> = fc.oneof(
  pick('isAnyOf' as const, 'isNoneOf' as const).map((operator) => ({
    leftOperand: 'purpose' as const,
    operator,
    rightOperand: ['marketing'],
  })),
  pick('isPartOf' as const, 'isNoneOf' as const, 'isAnyOf' as const).map((operator) => ({
    leftOperand: 'sealedger:field' as const,
    operator,
    rightOperand: ['name', 'years'],
  })),
  fc.integer({ min: 1, max: 1000 }).map((rightOperand) => ({
    leftOperand: 'count' as const,
    operator: 'lteq' as const,
    rightOperand,
  })),
  fc.integer({ min: 1, max: 4 }).map((rightOperand) => ({
    leftOperand: 'sealedger:departments' as const,
    operator: 'gteq' as const,
    rightOperand,
  })),
  fc.integer({ min: 1, max: 10_000 }).map((rightOperand) => ({
    leftOperand: 'sealedger:quality' as const,
    operator: 'gteq' as const,
    rightOperand,
  })),
);
interface Rule {
  readonly target: string;
  readonly constraint: readonly PolicyConstraint[];
  readonly asks: boolean;
}
const bounds = fc.array(bound, { maxLength: 4 });
const target = pick(ALL_DATASETS, 'urn:sealedger:dataset:tax');
const permissions = fc.array(fc.record({ target, constraint: bounds, asks: fc.boolean() }), { maxLength: 4 });
const runs = { seed: 23, numRuns: 500 };
const STRICTNESS = { approve: 0, ask: 1, reject: 2 } as const;

function policyOf(rules: readonly Rule[], prohibitions: readonly (readonly PolicyConstraint[])[] = []): Policy {
  const head = simplePolicy({ requesters: ['bank'], purposes: ['x'], maxQuota: 1, maxTermDays: 1 });
  return parsePolicy({
    ...head,
    permission: rules.map(({ target: about, constraint, asks }, i) => ({
      uid: `p${i}`,
      target: about,
      action: 'sealedger:compute',
      constraint,
      duty: asks ? [{ action: 'sealedger:askPerson' }] : [],
    })),
    prohibition: prohibitions.map((constraint, i) => ({
      uid: `n${i}`,
      target: ALL_DATASETS,
      action: 'sealedger:compute',
      constraint,
    })),
  });
}

describe('the engine', () => {
  it('answers everything, names a rule of the policy, and the same each time', () => {
    fc.assert(
      fc.property(permissions, fc.array(bounds, { maxLength: 2 }), facts, (rules, prohibitions, asked) => {
        const policy = policyOf(rules, prohibitions);
        const answer = answerByPolicy(policy, asked);
        assert.deepEqual(answerByPolicy(policy, asked), answer);
        const uids = [...policy.permission, ...policy.prohibition].map(({ uid }) => uid);
        assert.ok([...uids, 'otherwise'].includes(answer.rule));
        assert.equal(answer.conditions === null, answer.decision === 'reject');
      }),
      runs,
    );
  });

  it('never gets looser by a prohibition more, by a bound more, or by a permission less', () => {
    fc.assert(
      fc.property(permissions, bounds, fc.nat(3), facts, (rules, more, at, asked) => {
        const before = STRICTNESS[answerByPolicy(policyOf(rules), asked).decision];
        const strictness = (policy: Policy): number => STRICTNESS[answerByPolicy(policy, asked).decision];
        assert.ok(strictness(policyOf(rules, [more])) >= before);
        assert.ok(strictness(policyOf(rules.filter((_, i) => i !== at))) >= before);
        const bounded = rules.map((rule, i) =>
          i === at ? { ...rule, constraint: [...rule.constraint, ...more] } : rule,
        );
        assert.ok(strictness(policyOf(bounded)) >= before);
      }),
      runs,
    );
  });
});

describe('a policy that was bent at random', () => {
  it('is a policy or is refused with one code, and never anything else', () => {
    const text = JSON.stringify(policyOf([{ target: ALL_DATASETS, constraint: [], asks: true }]));
    const replacement = pick('', '"', '{', '[]', 'null', '-1', '1e309', '"__proto__"', '\\u0000', 'true', '{"a":{}}');
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(12), replacement, (at, length, put) => {
        const bent = text.slice(0, at) + put + text.slice(at + length);
        let value: unknown;
        try {
          value = JSON.parse(bent);
        } catch {
          return;
        }
        try {
          parsePolicy(value);
        } catch (error) {
          assert.equal((error as { code: string }).code, 'SCHEMA_MISMATCH');
        }
      }),
      { seed: 23, numRuns: 5000 },
    );
  });
});
