/**
 * A signed event: a CloudEvents 1.0 envelope whose `data` are salted commitments of its fields.
 *
 * The organisation that runs the node signs; whoever reads a bundle trusts the key only as far as the chain shows it.
 * Source: CloudEvents 1.0.2; RFC 8785; RFC 8032.
 */
import { z } from 'zod';
import { concatPrefixed, toHex, utf8 } from '../bytes.ts';
import { canonicalBytes, canonicalText } from '../canonical.ts';
import { domains, SUITE } from '../domains.ts';
import { ProtocolError } from '../errors.ts';
import { hex32, organisationId, parseDocument } from '../schema.ts';
import { commitField, type EventPrimitives, opensField, portablePrimitives } from './commitment.ts';
import {
  type EventFields,
  type EventKind,
  eventSchemas,
  eventType,
  type FieldValue,
  fieldNames,
  isFieldValue,
  kindOfType,
} from './event-kinds.ts';

const SOURCE_PREFIX = 'urn:sealedger:org:';
const eventDomain = utf8(domains.event);

const commitments = z.record(z.string().max(32), hex32);
/** The envelope. `time` is RFC 3339 in UTC with milliseconds; `data` maps a field's name to its commitment. */
export const eventSchema = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.string().regex(/^[0-9a-f]{32,64}$/, 'an event id is 16 to 32 bytes in lower-case hex'),
  source: z.string().refine((text) => organisationOfSource(text) !== undefined, 'urn:sealedger:org:<organisation>'),
  type: z.string().refine((text) => kindOfType(text) !== undefined, 'a type of the closed list of events'),
  time: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'RFC 3339 in UTC with milliseconds'),
  datacontenttype: z.literal('application/json'),
  suite: z.literal(SUITE),
  data: commitments,
});
export type EvidenceEvent = z.output<typeof eventSchema>;

export const signedEventSchema = z.strictObject({
  event: eventSchema,
  keyEpoch: z.int().min(0),
  signature: z.string().regex(/^[0-9a-f]{128}$/, '64 bytes as 128 lower-case hex digits'),
});
export type SignedEvent = z.output<typeof signedEventSchema>;

export const openingSchema = z.strictObject({
  salt: z.string().regex(/^([0-9a-f]{2}){16,64}$/, '16 to 64 bytes in lower-case hex'),
  value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
});
export const openingsSchema = z.record(z.string(), openingSchema);
export type Openings = z.output<typeof openingsSchema>;

export type EventContext = {
  /** 16 to 32 bytes in hex; the same happening has the same id, see commitment.ts `deriveEventSecrets`. */
  readonly id: string;
  readonly source: string;
  readonly time: Date;
  /** A salt of at least 16 bytes per field name, see commitment.ts `deriveEventSecrets`. */
  readonly saltFor: (field: string) => Uint8Array;
  /** Default: the portable ones. */
  readonly primitives?: EventPrimitives;
};

/**
 * Makes an event and the openings of its fields. Learns: who sees the event learns who, when and what kind of thing,
 * and nothing of the fields; who gets an opening learns that one field.
 * @throws {ProtocolError} SCHEMA_MISMATCH where a field is missing, unknown or no digest, count, code or time.
 */
export function createEvent<K extends EventKind>(
  kind: K,
  fields: EventFields<K>,
  context: EventContext,
): { readonly event: EvidenceEvent; readonly openings: Openings } {
  const values = parseDocument(eventSchemas[kind], fields, `event ${kind}`) as Readonly<Record<string, FieldValue>>;
  const data: Record<string, string> = {};
  const openings: Openings = {};
  for (const name of fieldNames(kind).sorted) {
    const value = values[name];
    if (value === undefined) continue;
    const salt = context.saltFor(name);
    data[name] = commitField(salt, name, value, context.primitives ?? portablePrimitives);
    openings[name] = { salt: toHex(salt), value: typeof value === 'object' ? [...value] : value };
  }
  const { id, source, time } = context;
  const event = envelopeOf(kind, { id, org: source, time: time.toISOString(), data });
  return { event, openings };
}

/** The envelope around commitments: all that is the same in every event of a kind stands here. */
export function envelopeOf(
  kind: EventKind,
  varying: { readonly id: string; readonly org: string; readonly time: string; readonly data: EvidenceEvent['data'] },
): EvidenceEvent {
  const { id, org, time, data } = varying;
  // In the order of RFC 8785, so that the canonical text needs no sorting.
  return {
    data,
    datacontenttype: 'application/json',
    id,
    source: SOURCE_PREFIX + org,
    specversion: '1.0',
    suite: SUITE,
    time,
    type: eventType(kind),
  };
}

/** The bytes that an organisation signs for an event: domain and canonical `{event, keyEpoch}`, length-prefixed. */
export function eventSigningBytes(event: EvidenceEvent, keyEpoch: number): Uint8Array {
  return signingBytesOf(canonicalText(event), keyEpoch);
}

/** {@link eventSigningBytes} for an event whose canonical text is at hand. */
export function signingBytesOf(eventText: string, keyEpoch: number): Uint8Array {
  return concatPrefixed(eventDomain, utf8(`{"event":${eventText},"keyEpoch":${keyEpoch}}`));
}

/** Canonical JSON of a signed event from the canonical text of its event: keys stand in the order of RFC 8785. */
export function signedEventText(eventText: string, keyEpoch: number, signature: string): string {
  return `{"event":${eventText},"keyEpoch":${keyEpoch},"signature":"${signature}"}`;
}

/** The leaf that the log takes: canonical JSON of the signed event. */
export function eventLeafBytes(signed: SignedEvent): Uint8Array {
  return canonicalBytes(signed);
}

/** The organisation of a CloudEvents `source`, or undefined where it names none. */
export function organisationOfSource(source: string): string | undefined {
  const org = source.startsWith(SOURCE_PREFIX) ? source.slice(SOURCE_PREFIX.length) : '';
  return organisationId.safeParse(org).success ? org : undefined;
}

/** Kind and organisation of an event that passed {@link eventSchema}. @throws {ProtocolError} EVENT_TYPE_UNKNOWN */
export function describeEvent(event: EvidenceEvent): { readonly kind: EventKind; readonly org: string } {
  const kind = kindOfType(event.type);
  const org = organisationOfSource(event.source);
  if (kind === undefined || org === undefined) throw new ProtocolError('EVENT_TYPE_UNKNOWN', {});
  return { kind, org };
}

/** Whether an event commits to exactly the fields that its kind has: all required ones and no foreign one. */
export function hasFieldsOfItsKind(event: EvidenceEvent): boolean {
  const { allowed, required } = fieldNames(describeEvent(event).kind);
  const names = Object.keys(event.data);
  return names.every((name) => allowed.has(name)) && required.every((name) => Object.hasOwn(event.data, name));
}

/**
 * Checks the openings beside an event; fields without one are withheld and do not count against it.
 * @returns the first field whose opening does not open its commitment or is no value of its kind, or null.
 */
export function verifyOpenings(event: EvidenceEvent, openings: Openings): { readonly wrongField: string | null } {
  const { kind } = describeEvent(event);
  for (const [name, { salt, value }] of Object.entries(openings)) {
    const commitment = Object.hasOwn(event.data, name) ? event.data[name] : undefined;
    const opens = commitment !== undefined && opensField(commitment, name, salt, value);
    if (!opens || !isFieldValue(kind, name, value)) return { wrongField: name };
  }
  return { wrongField: null };
}

/** The openings without those that `withhold` names; the event and its proofs stay as they are. */
export function withholdFields(openings: Openings, withhold: (field: string) => boolean): Openings {
  return Object.fromEntries(Object.entries(openings).filter(([name]) => !withhold(name)));
}
