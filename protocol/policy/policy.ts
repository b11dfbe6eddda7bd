/**
 * A dataset owner's policy as data: who may ask what of it, under which conditions. A subset of ODRL 2.2.
 *
 * Every term that ODRL's vocabulary has is used under its name there; what it lacks stands under the prefix
 * `sealedger:`. Nothing outside the subset is ignored: a policy with a term that this version does not know is refused,
 * since a constraint that nobody checks is none. Anything that no permission allows is not allowed.
 * Source: ODRL Information Model 2.2 and ODRL Vocabulary 2.2 (W3C, 2018).
 */
import { z } from 'zod';
import { isTimeZone, organisationId, parseDocument, purposeCode } from '../schema.ts';

export const POLICY_CONTEXT = ['http://www.w3.org/ns/odrl.jsonld', { sealedger: 'urn:sealedger:odrl:' }] as const;
export const POLICY_PROFILE = 'urn:sealedger:odrl:profile:1';
/** The target of a rule that is about every dataset of the owner. */
export const ALL_DATASETS = 'urn:sealedger:datasets';

const ruleId = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a rule id is 1 to 63 of a-z 0-9 -');
const fieldNames = z.array(z.string().min(1).max(128)).min(1).max(4096);
const count = z.int().min(1);
/** Whole days as xsd:duration. */
const days = z.string().regex(/^P[1-9]\d{0,4}D$/, 'whole days, such as P366D');
/** An interval of the day in the policy's time zone; the end may be 24:00. */
const hours = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d\/(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'such as 08:30/17:30')
  .refine((text) => text.slice(0, 5) < text.slice(6), 'the end must be after the start');
const anyOrNone = z.enum(['isAnyOf', 'isNoneOf']);
const atMost = z.literal('lteq');
const atLeast = z.literal('gteq');

const constraint = <L extends string, O extends z.ZodType, R extends z.ZodType>(left: L, operator: O, right: R) =>
  z.strictObject({ leftOperand: z.literal(left), operator, rightOperand: right });

export const constraintSchema = z.discriminatedUnion('leftOperand', [
  constraint('purpose', anyOrNone, z.array(purposeCode).min(1).max(256)),
  constraint('recipient', anyOrNone, z.array(organisationId).min(1).max(256)),
  constraint('sealedger:requesterRole', anyOrNone, z.array(z.string().max(31)).min(1).max(16)),
  /** `isPartOf`: no other field than these; `isNoneOf`: none of these. */
  constraint('sealedger:field', z.enum(['isPartOf', 'isNoneOf']), fieldNames),
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
  constraint('sealedger:level', atMost, z.int().min(1).max(5)),
  /** Score of the dataset version in basis points; checked at the decision and before each computation. */
  constraint('sealedger:quality', atLeast, z.int().min(1).max(10_000)),
  /** Checked at each evaluation. */
  constraint('sealedger:hours', z.literal('isPartOf'), hours),
  /** ISO weekdays, 1 is Monday; checked at each evaluation. */
  constraint('sealedger:weekday', z.literal('isAnyOf'), z.array(z.int().min(1).max(7)).min(1).max(7)),
  /** Different models of one requester for one purpose and register version within `sealedger:period`. */
  constraint('sealedger:models', atMost, count).extend({ 'sealedger:period': days }),
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
export const prohibitionSchema = z.strictObject(ruleFields);

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
    'sealedger:timeZone': z
      .string()
      .refine(isTimeZone, 'an IANA time zone such as Asia/Shanghai')
      .default('Asia/Shanghai'),
  })
  .refine(hasDistinctRules, { error: 'two rules have one uid', path: ['permission'] });
export type Policy = z.output<typeof policySchema>;
export type Permission = Policy['permission'][number];
export type Prohibition = Policy['prohibition'][number];

/** @throws {ProtocolError} SCHEMA_MISMATCH with the place of the first term that is unknown or malformed. */
export function parsePolicy(value: unknown): Policy {
  return parseDocument(policySchema, value, 'policy');
}

/** The policy schema as JSON Schema (2020-12), for editors. */
export function policyJsonSchema(): unknown {
  return z.toJSONSchema(policySchema, { io: 'input' });
}

function hasDistinctRules(policy: { permission: { uid: string }[]; prohibition: { uid: string }[] }): boolean {
  const ids = [...policy.permission, ...policy.prohibition].map(({ uid }) => uid);
  return new Set(ids).size === ids.length;
}
