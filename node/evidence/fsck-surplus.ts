/** Records that no event asked for: an index may hold back an event, or point to one that was taken away. */
import { differs } from './fsck-difference.ts';
import { indexOfKey, logKeys, parseEntry } from './log-entry.ts';
import type { EvidencePut, EvidenceStore } from './ports.ts';

type Store = Pick<EvidenceStore<unknown>, 'get' | 'range'>;
type Expected = { readonly size: number; readonly tiles: number; readonly indexRecords: number };

const PAGE = 4096;
const GROUPS = ['by', 'checkpoint', 'event', 'id', 'tile'] as const;

/**
 * Every record that must be there was found before; so where the counts agree, nothing else is there.
 * @throws {DifferenceFound} FSCK_SURPLUS
 */
export async function checkSurplus(store: Store, expected: Expected): Promise<void> {
  const counts = new Map<string, number>();
  for await (const { key } of allRecords(store)) {
    const group = key.split('/')[0]!;
    const isKnown = key === logKeys.state || GROUPS.some((known) => known === group && key.includes('/'));
    if (!isKnown) differs('FSCK_SURPLUS', group, 'absent', 'present');
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const wanted = { by: expected.indexRecords, event: expected.size, id: expected.size, tile: expected.tiles } as const;
  for (const [group, count] of Object.entries(wanted)) {
    if ((counts.get(group) ?? 0) > count) await nameSurplus(store, group, expected.size);
  }
}

async function* allRecords(store: Store): AsyncGenerator<EvidencePut> {
  for (let from = ''; ; ) {
    const page = await store.range(from, '\uffff', PAGE);
    yield* page;
    if (page.length < PAGE) return;
    from = `${page.at(-1)!.key}\0`;
  }
}

/** Finds the first record of a group that is too large which no event accounts for. */
async function nameSurplus(store: Store, group: string, size: number): Promise<never> {
  for await (const { key, value } of allRecords(store)) {
    if (!key.startsWith(`${group}/`)) continue;
    if (group === 'event' && indexOfKey(key) >= size) differs('FSCK_SURPLUS', key, 'absent', 'present');
    if (group === 'id' && (await idAt(store, Number(value))) !== key) differs('FSCK_SURPLUS', key, 'absent', 'present');
    if (group !== 'by') continue;
    const [, field, indexed] = key.split('/') as [string, string, string];
    if ((await openedAt(store, indexOfKey(key), field)) !== indexed) {
      differs('FSCK_SURPLUS', `by/${field}/…/${indexOfKey(key)}`, 'absent', 'present');
    }
  }
  return differs('FSCK_SURPLUS', group, 'absent', 'present');
}

async function idAt(store: Store, index: number): Promise<string | null> {
  const stored = await store.get(logKeys.event(index));
  return stored === undefined ? null : logKeys.id(parseEntry(index, stored).signed.event.id);
}

async function openedAt(store: Store, index: number, field: string): Promise<unknown> {
  const stored = await store.get(logKeys.event(index));
  return stored === undefined ? null : parseEntry(index, stored).openings[field]?.value;
}
