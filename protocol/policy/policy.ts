/**
 * A dataset owner's policy as data: who may ask what of it, under which conditions. A subset of ODRL 2.2.
 *
 * Every term that ODRL's vocabulary has is used under its name there; what it lacks stands under the prefix
 * `sealedger:`. Nothing outside the subset is ignored: a policy with a term that this version does not know is refused,
 * since a constraint that nobody checks is none. Anything that no permission allows is not allowed.
 * Source: ODRL Information Model 2.2 and ODRL Vocabulary 2.2 (W3C, 2018).
 */
import { z } from 'zod';
import { digestHex } from '../canonical.ts';
import { domains } from '../domains.ts';
import { organisationId, parseDocument, purposeCode } from '../schema.ts';
import { hoursInterval, isoWeekdays, timeZone } from './conditions.ts';

export const POLICY_CONTEXT = ['http://www.w3.org/ns/odrl.jsonld', { sealedger: 'urn:sealedger:odrl:' }] as const;
export const POLICY_PROFILE = 'urn:sealedger:odrl:profile:1';
/** The target of a rule that is about every dataset of the owner. */
export const ALL_DATASETS = 'urn:sealedger:datasets';

/** It stands in the log as the reason of a decision, where six digits in a row are refused. */
export const ruleId = z
  .string()
  .max(63)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'a rule id is words of a-z 0-9 joined by -')
  .refine((text) => !/[0-9]{6}/.test(text), 'a rule id has no six digits in a row');
const fieldNames = z.array(z.string().min(1).max(128)).min(1).max(4096);
const count = z.int().min(1);
/** Whole days as xsd:duration. */
const days = z.string().regex(/^P[1-9]\d{0,4}D$/, 'whole days, such as P366D');
const anyOrNone = z.enum(['isAnyOf', 'isNoneOf']);
const atMost = z.literal('lteq');
const atLeast = z.literal('gteq');

const constraint = <L extends string, O extends z.ZodType, R extends z.ZodType>(left: L, operator: O, right: R) =>
  z.strictObject({ leftOperand: z.literal(left), operator, rightOperand: right });

export const constraintSchema = z.discriminatedUnion('leftOperand', [
  constraint('purpose', anyOrNone, z.array(purposeCode).min(1).max(256)),
  constraint('recipient', anyOrNone, z.array(organisationId).min(1).max(256)),
  constraint('sealedger:requesterRole', anyOrNone, z.array(z.string().max(31)).min(1).max(16)),
  /** `isPartOf`: no other field than these; `isNoneOf`: none of these; `isAnyOf`: one of these at least. */
  constraint('sealedger:field', z.enum(['isPartOf', 'isNoneOf', 'isAnyOf']), fieldNames),
  constraint('sealedger:computation', anyOrNone, z.array(z.string().max(63)).min(1).max(64)),
  /** Departments with features: below two one of them gives its part of a score away. */
  constraint('sealedger:departments', atLeast, count),
  constraint('sealedger:minimumGroup', atLeast, count),
  /** Total width of the noise of a released score as a power of two of a logit: at least this. */
  constraint('sealedger:noiseWidthLog2', atLeast, z.int().min(-40).max(10)),
  /** Unlockings. */
  constraint('count', atMost, count),
  /** From the decision to the end of the grant. */
  constraint('elapsedTime', atMost, days),
  /** Of the whole dataset; `gteq` is for prohibitions. */
  constraint('sealedger:level', z.enum(['lteq', 'gteq']), z.int().min(1).max(5)),
  /** Highest of the fields that are asked for. */
  constraint('sealedger:fieldLevel', z.enum(['lteq', 'gteq']), z.int().min(1).max(5)),
  /** 共享属性 of the catalogue entry; a dataset shared on conditions needs a permission that names this. */
  constraint(
    'sealedger:sharing',
    z.literal('isAnyOf'),
    z
      .array(z.enum(['unconditional', 'conditional']))
      .min(1)
      .max(2),
  ),
  constraint(
    'sealedger:subjects',
    z.literal('isAnyOf'),
    z
      .array(z.enum(['person', 'enterprise']))
      .min(1)
      .max(2),
  ),
  /** Score of the dataset version in basis points; checked at the decision and before each computation. */
  constraint('sealedger:quality', atLeast, z.int().min(1).max(10_000)),
  /** Checked at each evaluation. */
  constraint('sealedger:hours', z.literal('isPartOf'), hoursInterval),
  /** ISO weekdays, 1 is Monday; checked at each evaluation. */
  constraint('sealedger:weekday', z.literal('isAnyOf'), isoWeekdays),
  /** Different models of one requester for one purpose and register version within `sealedger:period`. */
  constraint('sealedger:models', atMost, count).extend({ 'sealedger:period': days }),
  /** Data of natural persons asks for a certified model unless a permission says this. */
  constraint('sealedger:certificate', z.literal('eq'), z.literal('waived')),
]);
export type PolicyConstraint = z.output<typeof constraintSchema>;

/** What a permission asks for beside its constraints. */
export const dutySchema = z.strictObject({
  action: z.enum(['obtainConsent', 'sealedger:certifyModel', 'sealedger:secondApprover', 'sealedger:askPerson']),
});

const ruleFields = {
  uid: ruleId,
  target: z.union([
    z.literal(ALL_DATASETS),
    z.string().regex(/^urn:sealedger:dataset:[a-z0-9][a-z0-9._-]{0,30}$/, 'urn:sealedger:dataset:<name>'),
  ]),
  action: z.literal('sealedger:compute'),
  constraint: z.array(constraintSchema).max(64).default([]),
};

export const permissionSchema = z.strictObject({ ...ruleFields, duty: z.array(dutySchema).max(4).default([]) });
/** What is about the use of a grant says nothing of a request, so that a prohibition of it would prohibit everything. */
const OF_USE: readonly string[] = ['sealedger:hours', 'sealedger:weekday', 'sealedger:certificate'];
export const prohibitionSchema = z.strictObject({
  ...ruleFields,
  constraint: ruleFields.constraint.refine(
    (constraints) => constraints.every(({ leftOperand }) => !OF_USE.includes(leftOperand)),
    'hours, weekdays and certificate are conditions of a permission',
  ),
});

export const policySchema = z
  .strictObject({
    '@context': z.tuple([
      z.literal(POLICY_CONTEXT[0]),
      z.strictObject({ sealedger: z.literal(POLICY_CONTEXT[1].sealedger) }),
    ]),
    '@type': z.literal('Set'),
    uid: z.string().regex(/^urn:sealedger:policy:[a-z0-9][a-z0-9._:-]{0,126}$/, 'urn:sealedger:policy:<name>'),
    profile: z.literal(POLICY_PROFILE),
    /** A prohibition that applies wins over every permission. */
    conflict: z.literal('prohibit'),
    permission: z.array(permissionSchema).max(256).default([]),
    prohibition: z.array(prohibitionSchema).max(256).default([]),
    /** What happens where no rule decides. */
    'sealedger:otherwise': z.enum(['reject', 'ask']).default('ask'),
    /** Of hours and weekdays. */
    'sealedger:timeZone': timeZone.default('Asia/Shanghai'),
  })
  .refine(hasDistinctRules, { error: 'two rules have one uid', path: ['permission'] });
export type Policy = z.output<typeof policySchema>;
export type Permission = Policy['permission'][number];
export type Prohibition = Policy['prohibition'][number];

/** @throws {ProtocolError} SCHEMA_MISMATCH with the place of the first term that is unknown or malformed. */
export function parsePolicy(value: unknown): Policy {
  return parseDocument(policySchema, value, 'policy');
}

/** What a grant names the policy by: digest of all that it says, defaults written out. */
export function policyHash(policy: Policy): string {
  return digestHex(domains.policy, policy);
}

/** The policy schema as JSON Schema (2020-12), for editors. */
export function policyJsonSchema(): unknown {
  return z.toJSONSchema(policySchema, { io: 'input' });
}

function hasDistinctRules(policy: { permission: { uid: string }[]; prohibition: { uid: string }[] }): boolean {
  const ids = [...policy.permission, ...policy.prohibition].map(({ uid }) => uid);
  return new Set(ids).size === ids.length;
}
