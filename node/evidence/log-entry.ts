/** One entry of the log as it is stored: the signed event, which is the leaf, and the openings, which are not. */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { deriveEventSecrets, type EventSecrets } from '@sealedger/protocol/evidence/commitment.ts';
import {
  createEvent,
  describeEvent,
  type EvidenceEvent,
  type Openings,
  openingsSchema,
  type SignedEvent,
  signedEventSchema,
  signedEventText,
  signingBytesOf,
} from '@sealedger/protocol/evidence/event.ts';
import type { EventFields, EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { EventSigner, EvidencePut } from './ports.ts';
import { nativePrimitives } from './signer.ts';

/**
 * What a caller wants logged. `key` says what makes it one happening, for example `unlocking/<request>/<lane>/<counter>`:
 * a second draft with the same key is the same event. It stays in the node; the event's id is derived from it in secret.
 */
export type EventDraft = {
  [K in EventKind]: { readonly kind: K; readonly key: string; readonly fields: EventFields<K> };
}[EventKind];

export type LoggedEvent = { readonly index: number; readonly signed: SignedEvent; readonly openings: Openings };

/** Where an event stands, and of what kind it is: enough to choose without reading it. */
export type FoundEvent = { readonly index: number; readonly kind: EventKind };

/** Fields by which an export finds events again; the index stays in the node. */
const INDEXED_FIELDS = ['requestId', 'datasetId'] as const;
export type IndexedField = (typeof INDEXED_FIELDS)[number];

const INDEX_DIGITS = 16;
const storedSchema = z.strictObject({ signed: signedEventSchema, openings: openingsSchema });

/** Keys of the log in its store. */
export const logKeys = {
  state: 'state',
  event: (index: number): string => `event/${padded(index)}`,
  id: (eventId: string): string => `id/${eventId}`,
  by: (field: IndexedField, value: string, index: number): string => `by/${field}/${value}/${padded(index)}`,
  byPrefix: (field: IndexedField, value: string): string => `by/${field}/${value}/`,
  checkpoint: (size: number): string => `checkpoint/${padded(size)}`,
} as const;

function padded(index: number): string {
  return String(index).padStart(INDEX_DIGITS, '0');
}

/** The index that stands at the end of an `event/…`, `by/…` or `checkpoint/…` key. */
export function indexOfKey(key: string): number {
  return Number(key.slice(-INDEX_DIGITS));
}

/** The id that the event of a draft will have, and its salts. */
export function draftSecrets(secret: Uint8Array, draft: EventDraft): EventSecrets {
  return deriveEventSecrets(secret, draft.kind, draft.key, nativePrimitives);
}

/** An event that is not signed yet. */
export type PreparedEvent = {
  readonly event: EvidenceEvent;
  /** Canonical JSON of `event`. */
  readonly text: string;
  readonly openings: Openings;
};

/** An event on its way into the log, with the bytes of its leaf. */
export type SignedEntry = { readonly signed: SignedEvent; readonly openings: Openings; readonly leafText: string };

/**
 * Makes the event of a draft.
 * @param secrets - from {@link draftSecrets}.
 * @throws {ProtocolError} SCHEMA_MISMATCH where a field is not what its kind allows.
 */
export function prepareEvent(draft: EventDraft, secrets: EventSecrets, org: string, time: Date): PreparedEvent {
  const context = { ...secrets, source: org, time, primitives: nativePrimitives };
  const { event, openings } = createEvent(draft.kind, draft.fields, context);
  return { event, openings, text: canonicalText(event) };
}

/** Signs a prepared event. */
export async function signPrepared(
  { event, text, openings }: PreparedEvent,
  signer: EventSigner,
): Promise<SignedEntry> {
  const { keyEpoch } = signer;
  const signature = await signer.sign(signingBytesOf(text, keyEpoch));
  return { signed: { event, keyEpoch, signature }, openings, leafText: signedEventText(text, keyEpoch, signature) };
}

/**
 * Refuses a draft that says something else than the event that has its key. Salts are derived, so equal fields have
 * equal commitments.
 * @throws {ProtocolError} EVENT_KEY_REUSED
 */
export function assertSameContent(stored: PreparedEvent, draft: EventDraft, secrets: EventSecrets, org: string): void {
  const again = prepareEvent(draft, secrets, org, new Date(stored.event.time));
  if (again.text !== stored.text) throw new ProtocolError('EVENT_KEY_REUSED', { kind: draft.kind });
}

/** The writes that make one event durable and findable. */
export function entryPuts(index: number, { signed, openings, leafText }: SignedEntry): EvidencePut[] {
  const { kind } = describeEvent(signed.event);
  const puts = [
    { key: logKeys.event(index), value: `{"openings":${JSON.stringify(openings)},"signed":${leafText}}` },
    { key: logKeys.id(signed.event.id), value: String(index) },
  ];
  for (const field of INDEXED_FIELDS) {
    const value = Object.hasOwn(openings, field) ? openings[field]!.value : undefined;
    if (typeof value === 'string') puts.push({ key: logKeys.by(field, value, index), value: kind });
  }
  return puts;
}

/** Reads a stored entry. @throws {ProtocolError} EVIDENCE_STORE_CORRUPT */
export function parseEntry(index: number, stored: string | undefined): LoggedEvent {
  if (stored === undefined) throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: `event ${index}` });
  try {
    return { index, ...parseDocument(storedSchema, JSON.parse(stored), 'stored event') };
  } catch (cause) {
    throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: `event ${index}` }, { cause });
  }
}
