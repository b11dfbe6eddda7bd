/** A sealed table at rest at the bank: head, chunks, and each gate's locators. */
import { concat } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SealedChunk } from '@sealedger/protocol/rlwe/sum.ts';
import { SWITCHED_WORDS } from '@sealedger/protocol/rlwe/wire.ts';
import type { BankStore } from './ports.ts';
import { readStoredJson, writeStoredJson } from './stored-json.ts';

export interface TableHead {
  readonly requestId: string;
  readonly computationId: string;
  readonly people: number;
  readonly chunks: number;
  readonly gates: readonly string[];
}

export interface StoredTable {
  readonly head: TableHead;
  readonly chunks: readonly SealedChunk[];
  /** Gate to locators in slot order, 8 bytes each. */
  readonly locators: ReadonlyMap<string, Uint8Array>;
}

const keys = {
  head: (id: string): string => `table/${id}/head`,
  chunk: (id: string, chunk: number): string => `table/${id}/chunk-${chunk}`,
  locators: (id: string, gate: string): string => `table/${id}/locators-${gate}`,
} as const;

/** Stores a table; the head goes last, so that a table that is found is whole. */
export async function storeTable(
  store: BankStore,
  head: TableHead,
  chunks: readonly SealedChunk[],
  locators: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  for (const [i, { c0, c1 }] of chunks.entries()) {
    await store.put(keys.chunk(head.computationId, i), concat(bytesOf(c0), bytesOf(c1)));
  }
  for (const [gate, bytes] of locators) await store.put(keys.locators(head.computationId, gate), bytes);
  await writeStoredJson(store, keys.head(head.requestId), head);
}

/** The latest table of a request. @throws {ProtocolError} COMPUTATION_UNKNOWN where there is none */
export async function loadTable(store: BankStore, requestId: string): Promise<StoredTable> {
  const head = await readStoredJson<TableHead>(store, keys.head(requestId));
  if (head === undefined) throw new ProtocolError('COMPUTATION_UNKNOWN', { computationId: 'none' });
  const part = async (key: string): Promise<Uint8Array> => {
    const bytes = await store.get(key);
    if (bytes === undefined) throw new ProtocolError('COMPUTATION_UNKNOWN', { computationId: head.computationId });
    return bytes;
  };
  const chunks: SealedChunk[] = [];
  for (let i = 0; i < head.chunks; i++) {
    const words = new Uint32Array((await part(keys.chunk(head.computationId, i))).slice().buffer);
    chunks.push({ c0: words.slice(0, SWITCHED_WORDS), c1: words.slice(SWITCHED_WORDS) });
  }
  const locators = new Map<string, Uint8Array>();
  for (const gate of head.gates) locators.set(gate, await part(keys.locators(head.computationId, gate)));
  return { head, chunks, locators };
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
