/**
 * The logs of a bundle's file: per organisation its statement, its checkpoints, and under each the events that it proves.
 *
 * An event stands without what is the same in every one, and a field either opened (salt and value) or withheld (its
 * commitment alone); the signed envelope comes back from it. One joint proof ties the events of a checkpoint to its root.
 */
import { z } from 'zod';
import { fromHex } from '../bytes.ts';
import { SUITE } from '../domains.ts';
import { leafHash } from '../merkle.ts';
import { joinProofs, splitProofs } from '../merkle-batch.ts';
import { hex32, organisationId } from '../schema.ts';
import type { Bundle, BundleItem, BundleSubject, SignedStatement } from './bundle.ts';
import { commitField } from './commitment.ts';
import { describeEvent, envelopeOf, eventLeafBytes, type Openings, openingSchema, type SignedEvent } from './event.ts';
import { eventKinds } from './event-kinds.ts';

const signature = z.string().regex(/^[0-9a-f]{128}$/, '64 bytes as 128 lower-case hex digits');
const merkleHashes = z.array(hex32);
const { salt, value } = openingSchema.shape;

export const fileEventSchema = z.strictObject({
  /** Index of the leaf. */
  at: z.int().min(0),
  kind: z.enum(eventKinds),
  id: z.string().regex(/^[0-9a-f]{32,64}$/, 'an event id is 16 to 32 bytes in lower-case hex'),
  time: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'RFC 3339 in UTC with milliseconds'),
  keyEpoch: z.int().min(0),
  signature,
  /** Salt and value of a field that is open, the commitment of one that is withheld. */
  fields: z.record(z.string().max(32), z.union([z.tuple([salt, value]), hex32])),
});

export const fileCheckpointSchema = z.strictObject({
  size: z.int().min(1),
  root: hex32,
  keyEpoch: z.int().min(0),
  signature,
  /** The joint inclusion proof of the events, see merkle-batch.ts. */
  tree: merkleHashes,
  events: z.array(fileEventSchema),
});

const fileStatementSchema = z.strictObject({
  logSize: z.int().min(1),
  leaves: z.array(z.int().min(0)),
  omitted: z.int().min(0),
  omittedRepairs: z.int().min(0),
  chainBlock: z.int().min(0),
  chainEvents: z.int().min(1),
  keyEpoch: z.int().min(0),
  signature,
});

export const fileOrganisationSchema = z.strictObject({
  org: organisationId,
  statement: fileStatementSchema.optional(),
  checkpoints: z.array(fileCheckpointSchema),
  /** Between neighbouring checkpoints, and from one that the receiver has. */
  consistency: z.array(z.strictObject({ from: z.int().min(1), to: z.int().min(2), proof: merkleHashes.max(54) })),
});
export type FileOrganisation = z.output<typeof fileOrganisationSchema>;
type FileEvent = z.output<typeof fileEventSchema>;
type FileCheckpoint = z.output<typeof fileCheckpointSchema>;

/** Everything of a bundle that organisations said, by organisation. */
export type LogParts = Pick<Bundle, 'checkpoints' | 'consistency' | 'statements' | 'items'>;

/** @throws {ProtocolError} EVENT_TYPE_UNKNOWN */
export function packLogs({ checkpoints, consistency, statements, items }: LogParts): FileOrganisation[] {
  const orgOf = ({ signed }: BundleItem): string => describeEvent(signed.event).org;
  const orgs = new Set([
    ...checkpoints.map(({ checkpoint }) => checkpoint.org),
    ...statements.map(({ statement }) => statement.org),
    ...consistency.map(({ org }) => org),
    ...items.map(orgOf),
  ]);
  return [...orgs].sort().map((org) => {
    const statement = statements.find((one) => one.statement.org === org);
    const own = items.filter((item) => orgOf(item) === org);
    return {
      org,
      ...(statement === undefined ? {} : { statement: packStatement(statement) }),
      checkpoints: checkpoints
        .filter(({ checkpoint }) => checkpoint.org === org)
        .map((checkpoint) => packCheckpoint(checkpoint, own)),
      consistency: consistency
        .filter((one) => one.org === org)
        .map(({ from, to, proof }) => ({ from, to, proof: [...proof] })),
    };
  });
}

export function unpackLogs(organisations: readonly FileOrganisation[], subject: BundleSubject): LogParts {
  const each = organisations.map(({ org, statement, checkpoints, consistency }) => ({
    statements: statement === undefined ? [] : [unpackStatement(org, subject, statement)],
    consistency: consistency.map((one) => ({ org, ...one })),
    checkpoints: checkpoints.map(({ size, root, keyEpoch, signature: signed }) => ({
      checkpoint: { suite: SUITE, org, size, root } as const,
      keyEpoch,
      signature: signed,
    })),
    items: checkpoints.flatMap((checkpoint) => unpackItems(org, checkpoint)),
  }));
  return {
    statements: each.flatMap((one) => one.statements),
    consistency: each.flatMap((one) => one.consistency),
    checkpoints: each.flatMap((one) => one.checkpoints),
    items: each.flatMap((one) => one.items),
  };
}

function packStatement({ statement, keyEpoch, signature: signed }: SignedStatement): FileOrganisation['statement'] {
  const { logSize, leaves, omitted, omittedRepairs, chainBlock, chainEvents } = statement;
  return {
    logSize,
    leaves: [...leaves],
    omitted,
    omittedRepairs,
    chainBlock,
    chainEvents,
    keyEpoch,
    signature: signed,
  };
}

function unpackStatement(
  org: string,
  subject: BundleSubject,
  { keyEpoch, signature: signed, ...said }: NonNullable<FileOrganisation['statement']>,
): SignedStatement {
  return { statement: { suite: SUITE, org, subject, ...said }, keyEpoch, signature: signed };
}

function packCheckpoint(
  { checkpoint, keyEpoch, signature: signed }: Bundle['checkpoints'][number],
  items: readonly BundleItem[],
): FileCheckpoint {
  const { size, root } = checkpoint;
  const under = items.filter(({ log }) => log.checkpointSize === size);
  const proofs = new Map(under.map(({ log }) => [log.leafIndex, log.inclusionProof]));
  return { size, root, keyEpoch, signature: signed, tree: joinProofs(size, proofs), events: under.map(packEvent) };
}

function packEvent({ signed, openings, log }: BundleItem): FileEvent {
  const { event, keyEpoch, signature: seal } = signed;
  const fields = Object.entries(event.data).map(([name, commitment]): [string, FileEvent['fields'][string]] => {
    const opening = Object.hasOwn(openings, name) ? openings[name] : undefined;
    return [name, opening === undefined ? commitment : [opening.salt, opening.value]];
  });
  const { id, time } = event;
  const { kind } = describeEvent(event);
  return { at: log.leafIndex, kind, id, time, keyEpoch, signature: seal, fields: Object.fromEntries(fields) };
}

function unpackItems(org: string, { size, tree, events }: FileCheckpoint): BundleItem[] {
  const opened = events.map((event) => ({ at: event.at, ...unpackEvent(org, event) }));
  const leaves = new Map(opened.map(({ at, signed }) => [at, leafHash(eventLeafBytes(signed))]));
  // A joint proof of the wrong length proves nothing: the events stand without one, and their claim fails.
  const proofs = splitProofs(size, leaves, tree);
  return opened.map(({ at, signed, openings }) => ({
    signed,
    openings,
    log: { leafIndex: at, checkpointSize: size, inclusionProof: [...(proofs?.get(at) ?? [])] },
  }));
}

function unpackEvent(org: string, file: FileEvent): { signed: SignedEvent; openings: Openings } {
  const data: Record<string, string> = {};
  const openings: Openings = {};
  for (const [name, field] of Object.entries(file.fields)) {
    if (typeof field === 'string') data[name] = field;
    else {
      const [fieldSalt, fieldValue] = field;
      data[name] = commitField(fromHex(fieldSalt), name, fieldValue);
      openings[name] = { salt: fieldSalt, value: fieldValue };
    }
  }
  const { kind, id, time, keyEpoch, signature: seal } = file;
  return { signed: { event: envelopeOf(kind, { id, org, time, data }), keyEpoch, signature: seal }, openings };
}
