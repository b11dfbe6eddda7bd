/**
 * Proposed repairs of a node: kept, decided on by a person one by one, and written as a patch file for the source.
 *
 * Everything here is local: proposals hold cells. A decision stays; a repair whose cell changed since is void. The patch
 * file names each cell by row, field and fingerprint of the old text, so that the source can refuse what does not fit.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { quoteName } from '../catalogue/sql-text.ts';
import { createMutex } from '../mutex.ts';
import type { Clock, StateOperation, StateStore } from '../ports.ts';
import { cellFingerprint, type RepairProposal } from './repair.ts';
import type { RuleDecisions } from './repair-confidence.ts';
import type { RunSource } from './run-types.ts';

/** `void`: the cell changed before the repair got to the source; `applied`: the source holds the new value. */
export type RepairState = 'open' | 'accepted' | 'refused' | 'void' | 'applied';
export type RepairDecision = Extract<RepairState, 'accepted' | 'refused'>;

/** A proposal and what became of it. */
export interface StoredRepair extends RepairProposal {
  /** 16 bytes in hex. */
  readonly id: string;
  readonly dataset: string;
  readonly state: RepairState;
  /** The person who decided, and when (milliseconds since the epoch); null before. */
  readonly by: string | null;
  readonly at: number | null;
}

export interface RepairBook {
  /**
   * Takes the proposals of a run: new ones are open, decided ones stay decided, open ones that are not proposed any more go.
   * @returns how many are open now.
   */
  put(dataset: string, proposals: readonly RepairProposal[]): Promise<number>;
  /** By row and field. */
  list(dataset: string, state?: RepairState): Promise<readonly StoredRepair[]>;
  /**
   * A person's decision. The same one again changes nothing.
   * @throws {ProtocolError} REPAIR_UNKNOWN, REPAIR_DECIDED
   */
  decide(dataset: string, id: string, decision: RepairDecision, by: string): Promise<StoredRepair>;
  /** What was decided so far, by rule: what later confidences learn from. */
  decisions(dataset: string): Promise<ReadonlyMap<string, RuleDecisions>>;
  /**
   * Writes the accepted repairs that still fit the source as a patch file: JSON Lines, first what it is, then one cell per
   * line; readable by its owner alone.
   * @param key - of the fingerprints.
   * @returns how many were written, how many are void, and how many the source holds already.
   * @throws {ProtocolError} REPAIR_PATCH_UNWRITABLE
   */
  writePatch(dataset: string, source: RunSource, key: Uint8Array, path: string): Promise<PatchResult>;
}

export interface PatchResult {
  readonly written: number;
  readonly void: number;
  readonly applied: number;
}

const WRITES_AT_A_TIME = 1000;
const PATCH_FORMAT = 'sealedger-patch';
const PATCH_VERSION = 1;
const OWNER_ONLY = 0o600;
const ID_DIGITS = 32;

export function createRepairBook({
  state,
  clock,
}: {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
}): RepairBook {
  const list = async (dataset: string, wanted?: RepairState): Promise<readonly StoredRepair[]> =>
    (await state.list<StoredRepair>(prefixOf(dataset)))
      .map(([, repair]) => repair)
      .filter((repair) => wanted === undefined || repair.state === wanted)
      .toSorted((a, b) => a.row - b.row || (a.field < b.field ? -1 : 1));
  // One writer at a time for a dataset: of two decisions at once the first stands, and a run does not reopen what is being decided.
  const mutex = createMutex();
  const decide: RepairBook['decide'] = async (dataset, id, decision, by) => {
    const repair = /^[0-9a-f]{32}$/.test(id) ? await state.get<StoredRepair>(prefixOf(dataset) + id) : undefined;
    if (repair === undefined) throw new ProtocolError('REPAIR_UNKNOWN', { repairId: id.slice(0, ID_DIGITS) });
    if (repair.state === decision) return repair;
    if (repair.state !== 'open') throw new ProtocolError('REPAIR_DECIDED', { repairId: id, state: repair.state });
    const decided: StoredRepair = { ...repair, state: decision, by, at: clock.now() };
    await state.write([putRepair(decided)]);
    return decided;
  };
  return {
    list,
    put: (dataset, proposals) => mutex.run(dataset, () => putProposals(state, dataset, proposals)),
    decide: (dataset, id, decision, by) => mutex.run(dataset, () => decide(dataset, id, decision, by)),
    decisions: async (dataset) => countDecisions(await list(dataset)),
    writePatch: (dataset, source, key, path) =>
      mutex.run(dataset, async () => {
        const accepted = await list(dataset, 'accepted');
        const judged = await judge(source, key, accepted);
        const fitting = judged.filter((repair) => repair.state === 'accepted');
        await writeLines(path, [
          { format: PATCH_FORMAT, version: PATCH_VERSION, dataset, writtenAt: clock.now(), cells: fitting.length },
          ...fitting.map(({ row, field, fingerprint, proposed }) => ({ row, field, fingerprint, value: proposed })),
        ]);
        const settled = judged.filter((repair) => repair.state !== 'accepted');
        await writeInParts(state, settled.map(putRepair));
        const applied = settled.filter((repair) => repair.state === 'applied').length;
        return { written: fitting.length, void: settled.length - applied, applied };
      }),
  };
}

function prefixOf(dataset: string): string {
  return `repair/${dataset}/`;
}

/** The same proposal for the same cell content has the same id, run after run. */
function idOf(dataset: string, { row, field, fingerprint, proposed }: RepairProposal): string {
  return createHash('sha256')
    .update(JSON.stringify([dataset, row, field, fingerprint, proposed]))
    .digest('hex')
    .slice(0, ID_DIGITS);
}

async function putProposals(state: StateStore, dataset: string, proposals: readonly RepairProposal[]): Promise<number> {
  const known = new Map(await state.list<StoredRepair>(prefixOf(dataset)));
  const operations: StateOperation[] = [];
  let open = 0;
  for (const proposal of proposals) {
    const id = idOf(dataset, proposal);
    const key = prefixOf(dataset) + id;
    const before = known.get(key);
    known.delete(key);
    if (before !== undefined && before.state !== 'open') continue;
    open += 1;
    operations.push(putRepair({ ...proposal, id, dataset, state: 'open', by: null, at: null }));
  }
  for (const [key, { state: last }] of known) {
    if (last === 'open') operations.push({ type: 'del', key });
  }
  await writeInParts(state, operations);
  return open;
}

function putRepair(repair: StoredRepair): StateOperation {
  return { type: 'put', key: prefixOf(repair.dataset) + repair.id, value: repair };
}

async function writeInParts(state: StateStore, operations: readonly StateOperation[]): Promise<void> {
  for (let start = 0; start < operations.length; start += WRITES_AT_A_TIME) {
    await state.write(operations.slice(start, start + WRITES_AT_A_TIME));
  }
}

/** A repair that reached the source was right as well as accepted; one that became void says nothing. */
function countDecisions(repairs: readonly StoredRepair[]): ReadonlyMap<string, RuleDecisions> {
  const counts = new Map<string, RuleDecisions>();
  for (const { ruleId, state } of repairs) {
    const { accepted, refused } = counts.get(ruleId) ?? { accepted: 0, refused: 0 };
    if (state === 'accepted' || state === 'applied') counts.set(ruleId, { accepted: accepted + 1, refused });
    if (state === 'refused') counts.set(ruleId, { accepted, refused: refused + 1 });
  }
  return counts;
}

/** The repairs with what the source says to them now. */
async function judge(
  source: RunSource,
  key: Uint8Array,
  repairs: readonly StoredRepair[],
): Promise<readonly StoredRepair[]> {
  const present = new Set(source.columns.map(({ name }) => name));
  const now = new Map<string, string>();
  for (const [field, ofField] of Map.groupBy(repairs, (repair) => repair.field)) {
    if (!present.has(field)) continue;
    const rows = ofField.map(({ row }) => row).join(', ');
    const result = await source.connection.runAndReadAll(
      `SELECT _row, CAST(${quoteName(field)} AS VARCHAR) FROM ${source.relation} WHERE _row IN (${rows})`,
    );
    for (const [row, cell] of result.getRows()) {
      now.set(`${row}/${field}`, cellFingerprint(key, Number(row), field, cell === null ? null : String(cell)));
    }
  }
  return repairs.map((repair) => {
    const { row, field, fingerprint, proposed } = repair;
    const found = now.get(`${row}/${field}`);
    if (found === fingerprint) return repair;
    return { ...repair, state: found === cellFingerprint(key, row, field, proposed) ? 'applied' : 'void' };
  });
}

async function writeLines(path: string, lines: readonly unknown[]): Promise<void> {
  // A new file only: what a person wrote there before is not ours to replace.
  const file = await open(path, 'wx', OWNER_ONLY).catch((cause: unknown) => {
    throw new ProtocolError('REPAIR_PATCH_UNWRITABLE', { file: basename(path) }, { cause });
  });
  try {
    await file.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
}
