/** One entry of the log as it is stored: the signed event, which is the leaf, and the openings, which are not. */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { eventIdFrom, saltsFrom } from '@sealedger/protocol/evidence/commitment.ts';
import {
  createEvent,
  eventSigningBytes,
  type Openings,
  openingsSchema,
  type SignedEvent,
  signedEventSchema,
} from '@sealedger/protocol/evidence/event.ts';
import type { EventFields, EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { EventSigner, EvidencePut } from './ports.ts';

/**
 * What a caller wants logged. `key` says what makes it one happening, for example `unlocking/<request>/<lane>/<counter>`:
 * a second draft with the same key is the same event. It stays in the node; the event's id is derived from it in secret.
 */
export type EventDraft = {
  [K in EventKind]: { readonly kind: K; readonly key: string; readonly fields: EventFields<K> };
}[EventKind];

export type LoggedEvent = { readonly index: number; readonly signed: SignedEvent; readonly openings: Openings };

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
  anchor: (size: number): string => `anchor/${padded(size)}`,
} as const;

function padded(index: number): string {
  return String(index).padStart(INDEX_DIGITS, '0');
}

/** The index that stands at the end of an `event/…`, `by/…`, `checkpoint/…` or `anchor/…` key. */
export function indexOfKey(key: string): number {
  return Number(key.slice(-INDEX_DIGITS));
}

/** The id that a draft will have. */
export function draftId(secret: Uint8Array, draft: EventDraft): string {
  return eventIdFrom(secret, `${draft.kind}/${draft.key}`);
}

/**
 * Makes and signs the event of a draft.
 * @throws {ProtocolError} SCHEMA_MISMATCH where a field is not what its kind allows.
 */
export function signDraft(
  draft: EventDraft,
  signer: EventSigner,
  secret: Uint8Array,
  timeMs: number,
): { readonly signed: SignedEvent; readonly openings: Openings } {
  const id = draftId(secret, draft);
  const context = { id, source: signer.org, time: new Date(timeMs), saltFor: saltsFrom(secret, id) };
  const { event, openings } = createEvent(draft.kind, draft.fields, context);
  const { keyEpoch } = signer;
  return { signed: { event, keyEpoch, signature: toHex(signer.sign(eventSigningBytes(event, keyEpoch))) }, openings };
}

/**
 * Whether a stored event says what a draft says. Salts are derived from the id, so equal fields have equal commitments.
 * @throws {ProtocolError} EVENT_KEY_REUSED where the key stands for something else already.
 */
export function assertSameContent(stored: LoggedEvent, draft: EventDraft, org: string, secret: Uint8Array): void {
  const { id } = stored.signed.event;
  const context = { id, source: org, time: new Date(stored.signed.event.time), saltFor: saltsFrom(secret, id) };
  const { event } = createEvent(draft.kind, draft.fields, context);
  if (canonicalText(event) !== canonicalText(stored.signed.event)) {
    throw new ProtocolError('EVENT_KEY_REUSED', { kind: draft.kind, index: stored.index });
  }
}

/** The writes that make one event durable and findable. */
export function entryPuts(entry: LoggedEvent): EvidencePut[] {
  const { index, signed, openings } = entry;
  const puts = [
    { key: logKeys.event(index), value: canonicalText({ signed, openings }) },
    { key: logKeys.id(signed.event.id), value: String(index) },
  ];
  for (const field of INDEXED_FIELDS) {
    const value = Object.hasOwn(openings, field) ? openings[field]!.value : undefined;
    if (typeof value === 'string') puts.push({ key: logKeys.by(field, value, index), value: '' });
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
