/**
 * The closed list of what a node's log may say, from a member's admission to the last unlocking.
 *
 * Fields hold digests, organisation ids, counts, codes and times only. No schema here takes a free text, a name of a
 * person or an identifier: what would need one goes into a report kept at home, and its digest stands here.
 * The event itself carries salted commitments of these fields (event.ts). A field keeps its place in its kind for ever,
 * since its salt derives from that place (commitment.ts): a new field is optional and stands last.
 */
import { z } from 'zod';
import { hex32, organisationId, purposeCode } from '../schema.ts';

const count = z.int().min(0);
const ordinal = z.int().min(1);
const level = z.int().min(1).max(9);
const unixSeconds = z.int().min(0);
/** Who acted, where a person did: a pseudonym under a key of the node, never a name. */
const actor = hex32.optional();
/** Block in which the chain said it. */
const block = count.optional();
/** Digests of the grants that the work stands on, in the order of the chain's deciders. */
const grantHashes = z.array(hex32).min(1).max(40).optional();
/** A dataset's short name, as the Catalogue contract publishes it. */
const label = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,30}$/, 'a short name is 1 to 31 of a-z 0-9 . _ -');
/** A stable word for a machine. Six digits in a row are refused: every identifier of a person or an enterprise has them. */
const code = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9]*([-._:][A-Za-z0-9]+)*$/, 'a code is words of letters and digits joined by - . _ or :')
  .refine((text) => !/[0-9]{6}/.test(text), 'a code has no six digits in a row');

/** One schema per kind; the kind `x` has the CloudEvents type `org.sealedger.x.v1`. */
export const eventSchemas = {
  /** A member as the chain shows it from now on; roles and epoch where the chain names them with it. */
  member: z.strictObject({
    org: organisationId,
    roles: z.array(code).min(1).max(8).optional(),
    state: z.literal(['admitted', 'suspended', 'reinstated', 'rolesChanged']),
    keyEpoch: count.optional(),
    block,
  }),
  /** A version of an own dataset as the chain shows it; `state` is `published`, `withdrawn` or a word of its draft. */
  dataset: z.strictObject({
    datasetId: hex32,
    owner: organisationId,
    level: level.optional(),
    state: code,
    metadataHash: hex32.optional(),
    block,
    actor,
  }),
  version: z.strictObject({
    datasetId: hex32,
    name: label,
    version: ordinal,
    metadataHash: hex32,
    commitment: hex32,
    level,
    rows: count,
    actor,
  }),
  /** `datasetId` is the id of the version that was scored; `round` counts its scores from 1. */
  quality: z.strictObject({
    datasetId: hex32,
    version: ordinal,
    round: ordinal,
    ruleSetHash: hex32,
    scoreBasisPoints: z.int().min(0).max(10_000),
    reportHash: hex32,
    actor,
  }),
  workOrder: z.strictObject({
    datasetId: hex32,
    version: ordinal,
    orderId: hex32,
    state: code,
    rows: count,
    actor,
  }),
  request: z.strictObject({
    requestId: hex32,
    requester: organisationId,
    purpose: purposeCode,
    datasets: z.array(hex32).min(1).max(1024),
    modelDigest: hex32,
    quota: count,
    expiresAt: unixSeconds,
    previous: hex32.optional(),
    /** Regulator whose certificate of the model the request names. */
    certifier: organisationId.optional(),
  }),
  decision: z.strictObject({
    requestId: hex32,
    decider: organisationId,
    approved: z.boolean(),
    reason: code,
    grantHash: hex32.optional(),
    actor,
    secondActor: actor,
    policyHash: hex32.optional(),
  }),
  computation: z.strictObject({
    requestId: hex32,
    computationId: hex32,
    attempt: count,
    role: code,
    state: z.literal(['announced', 'started', 'completed', 'retired']),
    inputDigest: hex32.optional(),
    outputDigest: hex32.optional(),
    seedCommitment: hex32.optional(),
    chunks: count.optional(),
    grantHashes,
  }),
  result: z.strictObject({
    requestId: hex32,
    computationId: hex32,
    batch: count,
    commitment: hex32,
    count,
    grantHashes,
  }),
  unlocking: z.strictObject({
    requestId: hex32,
    computationId: hex32,
    lane: count,
    counter: count,
    count: ordinal,
    totalUsed: count,
    requestDigest: hex32,
    receiptDigest: hex32,
    blindedDigest: hex32,
    /** Where the request names a holder of consent: size of that log on chain, as the gate saw it when it metered. */
    consentSize: count.optional(),
  }),
  /** A request that ends before its work is done; `org` and `reasonHash` where the chain names them. */
  revocation: z.strictObject({
    requestId: hex32,
    reason: code,
    org: organisationId.optional(),
    reasonHash: hex32.optional(),
    block,
    actor,
  }),
  keyChange: z.strictObject({
    org: organisationId,
    keyEpoch: count,
    ed25519Key: hex32,
    x25519Key: hex32,
    block,
  }),
  alert: z.strictObject({
    code,
    requestId: hex32.optional(),
    count: count.optional(),
    orderId: hex32.optional(),
    org: organisationId.optional(),
  }),
  /** Points of a dataset's steward: `points` for one order or rule, `total` after it. */
  points: z.strictObject({
    datasetId: hex32,
    orderId: hex32.optional(),
    ruleHash: hex32,
    points: z.int(),
    total: count,
    actor,
  }),
  /** A need for data that somebody stated, and how it goes on. */
  need: z.strictObject({ needId: hex32, state: code, actor }),
  /** A command that a person gave this node, and how it ended; what it did stands in events of its own. */
  act: z.strictObject({ actor: hex32, command: code, outcome: code, requestId: hex32.optional() }),
  /** A question on a request, and its answer; both texts stay at home, and `questionId` commits to the question. */
  question: z.strictObject({ requestId: hex32, questionId: hex32, state: z.literal(['asked', 'answered']), actor }),
  /** A regulator's certificate of a sealed model, as the chain shows it. */
  certificate: z.strictObject({
    modelDigest: hex32,
    certifier: organisationId,
    certificateHash: hex32.optional(),
    state: z.literal(['certified', 'withdrawn']),
    block,
  }),
  /** A state of a holder's log of consents, as the chain shows it. */
  consent: z.strictObject({
    holder: organisationId,
    size: count,
    root: hex32.optional(),
    state: z.literal('committed'),
    block,
  }),
  /** A request that is halted or goes on: by this node at once, or by `org` as the chain shows it. */
  suspension: z.strictObject({
    requestId: hex32,
    state: z.literal(['suspended', 'resumed']),
    org: organisationId.optional(),
    reason: code.optional(),
    reasonHash: hex32.optional(),
    block,
    actor,
  }),
} as const;

export type EventKind = keyof typeof eventSchemas;
export type EventFields<K extends EventKind = EventKind> = z.output<(typeof eventSchemas)[K]>;
export type FieldValue = string | number | boolean | readonly string[];

export const eventKinds = Object.keys(eventSchemas) as readonly EventKind[];

/** The CloudEvents type of a kind. */
export function eventType(kind: EventKind): `org.sealedger.${EventKind}.v1` {
  return `org.sealedger.${kind}.v1`;
}

/** @returns the kind of a CloudEvents type, or undefined where it is none of the closed list. */
export function kindOfType(type: string): EventKind | undefined {
  return eventKinds.find((kind) => eventType(kind) === type);
}

export type FieldNames = {
  /** In the order of the schema. */
  readonly allowed: ReadonlySet<string>;
  readonly required: readonly string[];
  /** All of them in the order of RFC 8785. */
  readonly sorted: readonly string[];
};

const namesByKind = new Map<EventKind, FieldNames>(eventKinds.map((kind) => [kind, namesOf(kind)]));

/** The names of the fields that an event of `kind` may have, and of those that it must have. */
export function fieldNames(kind: EventKind): FieldNames {
  return namesByKind.get(kind)!;
}

function namesOf(kind: EventKind): FieldNames {
  const shape: Readonly<Record<string, z.ZodType>> = eventSchemas[kind].shape;
  const allowed = new Set(Object.keys(shape));
  const required = [...allowed].filter((name) => !shape[name]!.safeParse(undefined).success);
  return { allowed, required, sorted: [...allowed].sort() };
}

/** Whether `value` is one that the field `name` of `kind` may hold. */
export function isFieldValue(kind: EventKind, name: string, value: unknown): boolean {
  const shape: Readonly<Record<string, z.ZodType>> = eventSchemas[kind].shape;
  return Object.hasOwn(shape, name) && shape[name]!.safeParse(value).success;
}
