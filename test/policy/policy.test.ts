/** Policies as data: what is read, what is refused, and what the engine answers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerByPolicy, type PolicyFacts } from '@sealedger/protocol/policy/answer.ts';
import { isWithinHours } from '@sealedger/protocol/policy/conditions.ts';
import {
  ALL_DATASETS,
  POLICY_CONTEXT,
  POLICY_PROFILE,
  type Policy,
  parsePolicy,
  policyJsonSchema,
} from '@sealedger/protocol/policy/policy.ts';

type Rules = { permission?: unknown[]; prohibition?: unknown[]; 'sealedger:otherwise'?: string };

function policyOf(rules: Rules): Policy {
  return parsePolicy({
    '@context': POLICY_CONTEXT,
    '@type': 'Set',
    uid: 'urn:sealedger:policy:tax',
    profile: POLICY_PROFILE,
    conflict: 'prohibit',
    ...rules,
  });
}

const constraint = (leftOperand: string, operator: string, rightOperand: unknown, more = {}) => ({
  leftOperand,
  operator,
  rightOperand,
  ...more,
});
const rule = (uid: string, constraints: readonly unknown[], more = {}) => ({
  uid,
  target: ALL_DATASETS,
  action: 'sealedger:compute',
  constraint: constraints,
  ...more,
});
const facts: PolicyFacts = {
  dataset: 'tax-arrears',
  requester: 'harbour-bank',
  requesterRoles: ['bank'],
  purpose: 'credit-underwriting',
  subjects: 'person',
  sharing: 'unconditional',
  fields: ['arrears', 'years'],
  fieldLevel: 2,
  computation: 'sealed-scoring',
  departments: 3,
  minimumGroup: null,
  noiseWidthLog2: -12,
  quota: 500,
  termDays: 30,
  level: 3,
  quality: 9200,
  otherModelsDaysAgo: [],
};

/** One constraint, facts under which it holds and facts under which it just does not. */
const cases: readonly (readonly [string, unknown, Partial<PolicyFacts>, Partial<PolicyFacts>])[] = [
  ['purpose', constraint('purpose', 'isAnyOf', ['credit-underwriting']), {}, { purpose: 'marketing' }],
  ['purpose', constraint('purpose', 'isNoneOf', ['marketing']), {}, { purpose: 'marketing' }],
  ['recipient', constraint('recipient', 'isAnyOf', ['harbour-bank']), {}, { requester: 'other-bank' }],
  ['recipient', constraint('recipient', 'isNoneOf', ['other-bank']), {}, { requester: 'other-bank' }],
  ['requester role', constraint('sealedger:requesterRole', 'isAnyOf', ['bank']), {}, { requesterRoles: ['gate'] }],
  ['fields', constraint('sealedger:field', 'isPartOf', ['arrears', 'years']), {}, { fields: ['arrears', 'name'] }],
  ['fields', constraint('sealedger:field', 'isNoneOf', ['name']), {}, { fields: ['arrears', 'name'] }],
  ['computation', constraint('sealedger:computation', 'isAnyOf', ['sealed-scoring']), {}, { computation: 'mean' }],
  ['fields', constraint('sealedger:field', 'isAnyOf', ['arrears']), {}, { fields: ['years'] }],
  ['field level', constraint('sealedger:fieldLevel', 'lteq', 2), {}, { fieldLevel: 3 }],
  ['field level', constraint('sealedger:fieldLevel', 'gteq', 2), {}, { fieldLevel: null }],
  ['level', constraint('sealedger:level', 'gteq', 3), {}, { level: 2 }],
  ['subjects', constraint('sealedger:subjects', 'isAnyOf', ['person']), {}, { subjects: 'enterprise' }],
  ['sharing', constraint('sealedger:sharing', 'isAnyOf', ['unconditional']), {}, { sharing: 'conditional' }],
  ['departments', constraint('sealedger:departments', 'gteq', 3), {}, { departments: 2 }],
  ['minimum group', constraint('sealedger:minimumGroup', 'gteq', 10), { minimumGroup: 10 }, { minimumGroup: 9 }],
  ['noise', constraint('sealedger:noiseWidthLog2', 'gteq', -12), {}, { noiseWidthLog2: -13 }],
  ['quota', constraint('count', 'lteq', 500), {}, { quota: 501 }],
  ['term', constraint('elapsedTime', 'lteq', 'P30D'), {}, { termDays: 31 }],
  ['level', constraint('sealedger:level', 'lteq', 3), {}, { level: 4 }],
  ['quality', constraint('sealedger:quality', 'gteq', 9200), {}, { quality: 9199 }],
  ['quality', constraint('sealedger:quality', 'gteq', 1), {}, { quality: null }],
  [
    'models',
    constraint('sealedger:models', 'lteq', 2, { 'sealedger:period': 'P90D' }),
    { otherModelsDaysAgo: [5, 90] },
    { otherModelsDaysAgo: [5, 89] },
  ],
];

describe('a policy', () => {
  for (const [name, held, good, bad] of cases) {
    it(`approves within its bound on ${name} and asks a person just outside (${JSON.stringify(held)})`, () => {
      const policy = policyOf({ permission: [rule('only', [held])] });
      assert.equal(answerByPolicy(policy, { ...facts, ...good }).decision, 'approve');
      const refused = answerByPolicy(policy, { ...facts, ...bad });
      assert.equal(refused.decision, 'ask');
      assert.equal(refused.rule, 'otherwise');
      assert.deepEqual(refused.failed, [{ rule: 'only', leftOperand: (held as { leftOperand: string }).leftOperand }]);
    });
  }

  it('allows nothing where it has no permission', () => {
    assert.equal(answerByPolicy(policyOf({}), facts).decision, 'ask');
    assert.equal(answerByPolicy(policyOf({ 'sealedger:otherwise': 'reject' }), facts).decision, 'reject');
  });

  it('lets a prohibition win over every permission, and names it', () => {
    const prohibition = [rule('no-marketing', [constraint('purpose', 'isAnyOf', ['marketing'])])];
    const policy = policyOf({ permission: [rule('all', [])], prohibition });
    assert.equal(answerByPolicy(policy, facts).decision, 'approve');
    const answer = answerByPolicy(policy, { ...facts, purpose: 'marketing' });
    assert.deepEqual([answer.decision, answer.rule, answer.conditions], ['reject', 'no-marketing', null]);
  });

  it('is about its target only', () => {
    const permission = [rule('other', [], { target: 'urn:sealedger:dataset:other' })];
    assert.deepEqual(answerByPolicy(policyOf({ permission }), facts).failed, [
      { rule: 'other', leftOperand: 'target' },
    ]);
    const own = [rule('own', [], { target: 'urn:sealedger:dataset:tax-arrears' })];
    assert.equal(answerByPolicy(policyOf({ permission: own }), facts).rule, 'own');
  });

  it('asks a person where the permission says so, unless another one needs none', () => {
    const asking = rule('asking', [], {
      duty: [{ action: 'sealedger:askPerson' }, { action: 'sealedger:secondApprover' }],
    });
    const alone = answerByPolicy(policyOf({ permission: [asking] }), facts);
    assert.deepEqual([alone.decision, alone.rule, alone.needsSecondApprover], ['ask', 'asking', true]);
    const beside = answerByPolicy(policyOf({ permission: [asking, rule('free', [])] }), facts);
    assert.deepEqual([beside.decision, beside.rule, beside.needsSecondApprover], ['approve', 'free', false]);
  });

  const conditionsFor = (constraints: readonly unknown[], change: Partial<PolicyFacts>, more = {}) =>
    answerByPolicy(policyOf({ permission: [rule('only', constraints, more)] }), { ...facts, ...change }).conditions!;

  it('asks for a certified model of natural persons’ data unless a permission waives it, and of others where it says so', () => {
    const waived = [constraint('sealedger:certificate', 'eq', 'waived')];
    const certify = { duty: [{ action: 'sealedger:certifyModel' }] };
    assert.equal(conditionsFor([], {}).needsCertificate, true);
    assert.equal(conditionsFor(waived, {}).needsCertificate, false);
    assert.equal(conditionsFor([], { subjects: 'enterprise' }).needsCertificate, false);
    assert.equal(conditionsFor([], { subjects: 'enterprise' }, certify).needsCertificate, true);
    assert.equal(conditionsFor(waived, {}, certify).needsCertificate, true, 'the duty wins');
    assert.equal(answerByPolicy(policyOf({}), facts).conditions!.needsCertificate, true, 'a person’s approval too');
  });

  it('approves level 4 and above without a person only where a permission names the level', () => {
    const silent = policyOf({ permission: [rule('silent', [])] });
    assert.equal(answerByPolicy(silent, facts).decision, 'approve');
    const asked = answerByPolicy(silent, { ...facts, level: 4 });
    assert.deepEqual([asked.decision, asked.rule], ['ask', 'silent']);
    assert.deepEqual(asked.failed, [{ rule: 'silent', leftOperand: 'sealedger:level' }]);
    const naming = policyOf({ permission: [rule('naming', [constraint('sealedger:level', 'lteq', 5)])] });
    assert.equal(answerByPolicy(naming, { ...facts, level: 4 }).decision, 'approve');
  });

  it('prohibits by field and by level, whatever a permission says', () => {
    const permission = [rule('all', [constraint('sealedger:level', 'lteq', 5)])];
    const byField = policyOf({
      permission,
      prohibition: [rule('no-names', [constraint('sealedger:field', 'isAnyOf', ['name', 'address'])])],
    });
    assert.equal(answerByPolicy(byField, facts).decision, 'approve');
    assert.equal(answerByPolicy(byField, { ...facts, fields: ['years', 'name'] }).rule, 'no-names');
    const byLevel = policyOf({
      permission,
      prohibition: [rule('never-five', [constraint('sealedger:level', 'gteq', 5)])],
    });
    assert.equal(answerByPolicy(byLevel, { ...facts, level: 5 }).rule, 'never-five');
    assert.equal(answerByPolicy(byLevel, { ...facts, level: 4 }).decision, 'approve');
  });

  it('hands on what must hold at each use', () => {
    const permission = [
      rule(
        'office-hours',
        [
          constraint('sealedger:quality', 'gteq', 8000),
          constraint('sealedger:quality', 'gteq', 9000),
          constraint('sealedger:hours', 'isPartOf', '08:30/17:30'),
          constraint('sealedger:weekday', 'isAnyOf', [1, 2, 3, 4, 5]),
          constraint('sealedger:weekday', 'isAnyOf', [5, 6]),
        ],
        { duty: [{ action: 'obtainConsent' }, { action: 'sealedger:certifyModel' }] },
      ),
    ];
    assert.deepEqual(answerByPolicy(policyOf({ permission }), facts).conditions, {
      qualityFloor: 9000,
      hours: ['08:30/17:30'],
      weekdays: [5],
      timeZone: 'Asia/Shanghai',
      needsConsent: true,
      needsCertificate: true,
    });
  });
});

describe('the hours of a grant', () => {
  const conditions = { hours: ['08:30/17:30'], weekdays: [1, 2, 3, 4, 5], timeZone: 'Asia/Shanghai' };
  const at = (instant: string): boolean => isWithinHours(conditions, new Date(instant));

  it('run from the first minute to the last in the policy’s own time zone', () => {
    assert.equal(at('2026-11-20T00:29:59Z'), false);
    assert.equal(at('2026-11-20T00:30:00Z'), true);
    assert.equal(at('2026-11-20T09:29:59Z'), true);
    assert.equal(at('2026-11-20T09:30:00Z'), false);
  });

  it('know the weekday there, not here', () => {
    assert.equal(at('2026-11-20T23:59:00Z'), false);
    assert.equal(isWithinHours({ ...conditions, hours: [], weekdays: [6] }, new Date('2026-11-20T16:00:00Z')), true);
    assert.equal(isWithinHours({ ...conditions, hours: [], weekdays: [5] }, new Date('2026-11-20T15:59:59Z')), true);
  });

  it('follow the clocks where they change: an hour that is there twice, and one that is not', () => {
    const night = { hours: ['02:00/03:00'], weekdays: null, timeZone: 'Europe/Berlin' };
    const within = (instant: string): boolean => isWithinHours(night, new Date(instant));
    assert.deepEqual(
      ['2026-10-24T23:59:59Z', '2026-10-25T00:00:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00Z'].map(within),
      [false, true, true, false],
    );
    assert.deepEqual(['2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z'].map(within), [
      false,
      false,
      false,
    ]);
  });

  it('end with the day at 24:00 and begin with it at 00:00', () => {
    const late = { hours: ['22:00/24:00'], weekdays: [5], timeZone: 'Asia/Shanghai' };
    assert.equal(isWithinHours(late, new Date('2026-11-20T15:59:59Z')), true);
    assert.equal(isWithinHours(late, new Date('2026-11-20T16:00:00Z')), false);
    const early = { ...late, hours: ['00:00/02:00'] };
    assert.equal(isWithinHours(early, new Date('2026-11-19T15:59:59Z')), false);
    assert.equal(isWithinHours(early, new Date('2026-11-19T16:00:00Z')), true);
  });

  it('are all hours where none are named, midnight and the last minute among them', () => {
    const free = { ...conditions, hours: ['00:00/24:00'], weekdays: null };
    for (const instant of ['2026-11-20T16:00:00Z', '2026-11-20T15:59:59Z']) {
      assert.equal(isWithinHours(free, new Date(instant)), true);
    }
  });
});

describe('reading a policy', () => {
  const refuse = (rules: Rules): void => void assert.throws(() => policyOf(rules), { code: 'SCHEMA_MISMATCH' });

  it('refuses what it does not know instead of passing over it', () => {
    refuse({ permission: [rule('a', [constraint('spatial', 'eq', 'CN')])] });
    refuse({ permission: [rule('a', [constraint('count', 'lt', 5)])] });
    refuse({ permission: [rule('a', [], { duty: [{ action: 'compensate' }] })] });
    refuse({ permission: [rule('a', [], { remedy: [] })] });
    refuse({ permission: [rule('a', [], { action: 'use' })] });
    refuse({ prohibition: [rule('a', [], { duty: [{ action: 'obtainConsent' }] })] });
    refuse({ obligation: [] } as Rules);
    for (const useless of [
      constraint('sealedger:hours', 'isPartOf', '08:30/17:30'),
      constraint('sealedger:weekday', 'isAnyOf', [1]),
      constraint('sealedger:certificate', 'eq', 'waived'),
    ]) {
      refuse({ prohibition: [rule('a', [useless])] });
    }
  });

  it('refuses bounds that can never hold or mean nothing', () => {
    refuse({ permission: [rule('a', [constraint('sealedger:hours', 'isPartOf', '17:30/08:30')])] });
    refuse({ permission: [rule('a', [constraint('elapsedTime', 'lteq', 'P1Y')])] });
    refuse({ permission: [rule('a', [constraint('purpose', 'isAnyOf', [])])] });
    refuse({ permission: [rule('a', []), rule('a', [])] });
    for (const uid of ['a--b', 'a-', '-a', 'A', 'rule-123456', 'r'.repeat(64)]) refuse({ permission: [rule(uid, [])] });
    const many = (count: number) => Array.from({ length: count }, (_, i) => rule(`r${i}`, []));
    refuse({ permission: many(257) });
    refuse({
      permission: [
        rule(
          'a',
          Array.from({ length: 65 }, () => constraint('count', 'lteq', 5)),
        ),
      ],
    });
    policyOf({ permission: many(256) });
    refuse({ permission: [rule('a', [])], prohibition: [rule('a', [])] });
    refuse({ permission: [], 'sealedger:timeZone': 'Mars/Olympus' } as Rules);
  });

  it('has a JSON schema that names the same left operands', () => {
    const text = JSON.stringify(policyJsonSchema());
    for (const [, held] of cases) assert.ok(text.includes((held as { leftOperand: string }).leftOperand));
  });

  it('keeps no key of a prototype', () => {
    const poisoned = JSON.parse('{"permission":[{"uid":"a","__proto__":{"target":"x"}}]}') as Rules;
    refuse(poisoned);
  });
});
