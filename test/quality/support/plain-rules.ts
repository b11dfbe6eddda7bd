/**
 * What rules mean, in plain slow TypeScript: the other way to each set of failing rows.
 *
 * Written from docs/quality-score.md and the headers of consensus.ts and typo.ts, not from the SQL.
 */
export type Cell = string | null;
export type Row = Readonly<Record<string, Cell>>;

const MISSING = new Set(['-', 'N/A']);

export const isMissing = (cell: Cell | undefined): boolean =>
  cell === null || cell === undefined || cell.trim() === '' || MISSING.has(cell);

export const numberOf = (cell: Cell): number | undefined => {
  if (cell === null || !/^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\s*$/.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
};

export const isDay = (cell: string): boolean => {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(cell)) return false;
  const date = new Date(`${cell}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(cell);
};

/** Rows from 1 for which `fails` is true. */
export function failing(rows: readonly Row[], fails: (row: Row) => boolean): number[] {
  return rows.flatMap((row, index) => (fails(row) ? [index + 1] : []));
}

/** Rows that share all of `fields` with another row; a row with a missing one has no key. */
export function doubled(rows: readonly Row[], fields: readonly string[]): number[] {
  const keyOf = (row: Row): string => JSON.stringify(fields.map((field) => row[field]));
  const keyed = rows.filter((row) => fields.every((field) => !isMissing(row[field])));
  const counts = Map.groupBy(keyed, keyOf);
  return failing(rows, (row) => keyed.includes(row) && counts.get(keyOf(row))!.length > 1);
}

/** Rows whose dependent is not the most frequent one of their determinant; all of them where two are as frequent. */
export function dependent(rows: readonly Row[], determinant: string, field: string): number[] {
  const whole = rows.filter((row) => !isMissing(row[determinant]) && !isMissing(row[field]));
  const groups = Map.groupBy(whole, (row) => row[determinant]!);
  return failing(rows, (row) => {
    if (!whole.includes(row)) return false;
    const values = [...Map.groupBy(groups.get(row[determinant]!)!, (other) => other[field]!)];
    if (values.length < 2) return false;
    const most = Math.max(...values.map(([, same]) => same.length));
    const best = values.filter(([, same]) => same.length === most);
    return best.length > 1 || best[0]![0] !== row[field];
  });
}

export interface PlainConsensus {
  readonly field: string;
  readonly witnesses: readonly (readonly string[])[];
  readonly source?: string;
  readonly authority?: (row: Row) => boolean;
  readonly minRows: number;
  readonly minShare: number;
}

interface Ballot {
  readonly row: number;
  readonly witness: number;
  readonly group: string;
  readonly value: string | null;
  readonly source: string;
  readonly factor: bigint;
  readonly vote: bigint;
}

const FULL = 1000n;
const VOICE = 1_000_000n;
const ELECTIONS = 4;

/** Rows that the election of their witnesses goes against. */
export function outvoted(rows: readonly Row[], consensus: PlainConsensus): number[] {
  const ballots = weighed(ballotsOf(rows, consensus), consensus.source !== undefined);
  const groups = Map.groupBy(ballots, groupOf);
  return failing(rows, (row) => {
    const number = rows.indexOf(row) + 1;
    const own = ballots.find((ballot) => ballot.row === number)?.value ?? null;
    if (own === null) return false;
    const voices = new Map<string, { voice: bigint; rows: number }>();
    let ownVoice = 0n;
    let speaking = 0n;
    for (const ballot of ballots.filter((candidate) => candidate.row === number)) {
      const tally = tallyOf(groups.get(groupOf(ballot))!);
      const total = [...tally.values()].reduce((sum, { votes }) => sum + votes, 0n);
      const others = total - ballot.vote;
      if (others <= 0n) continue;
      speaking += 1n;
      const voiceOf = (votes: bigint): bigint => (votes * others * VOICE) / (total * (others + ballot.vote));
      const [best, most] = elect(tally);
      const known = voices.get(best) ?? { voice: 0n, rows: 0 };
      voices.set(best, { voice: known.voice + voiceOf(most.votes), rows: Math.max(known.rows, most.rows) });
      ownVoice += voiceOf(tally.get(own)?.votes ?? 0n);
    }
    const ranked = [...voices].toSorted(([a, x], [b, y]) => Number(y.voice - x.voice) || -compareText(a, b));
    if (ranked.length === 0) return false;
    const [winner, { voice, rows: behind }] = ranked[0]!;
    const enough = Number(voice) >= consensus.minShare * Number(speaking) * Number(VOICE);
    return winner !== own && voice > ownVoice && behind >= consensus.minRows && enough;
  });
}

function ballotsOf(rows: readonly Row[], { field, witnesses, source, authority }: PlainConsensus): Ballot[] {
  return witnesses.flatMap((columns, witness) =>
    rows.flatMap((row, index) => {
      if (columns.some((column) => isMissing(row[column]))) return [];
      const factor = authority?.(row) === true ? 1000n : 1n;
      return {
        row: index + 1,
        witness,
        group: JSON.stringify(columns.map((column) => row[column])),
        value: isMissing(row[field]) ? null : row[field]!,
        source: source === undefined || isMissing(row[source]) ? '' : row[source]!,
        factor,
        vote: FULL * factor,
      };
    }),
  );
}

const groupOf = ({ witness, group }: Ballot): string => `${witness} ${group}`;

function tallyOf(ballots: readonly Ballot[]): Map<string, { votes: bigint; rows: number }> {
  const tally = new Map<string, { votes: bigint; rows: number }>();
  for (const { value, vote } of ballots) {
    if (value === null) continue;
    const known = tally.get(value) ?? { votes: 0n, rows: 0 };
    tally.set(value, { votes: known.votes + vote, rows: known.rows + 1 });
  }
  return tally;
}

/** The value with the most votes; among equals the last in the order of bytes. */
function elect(tally: ReadonlyMap<string, { votes: bigint; rows: number }>) {
  return [...tally].toSorted(([a, x], [b, y]) => Number(y.votes - x.votes) || -compareText(a, b))[0]!;
}

/** Between elections a source is weighed by how often it agreed with what was elected. */
function weighed(ballots: readonly Ballot[], bySource: boolean): readonly Ballot[] {
  if (!bySource) return ballots;
  let now = ballots;
  for (let round = 1; round < ELECTIONS; round += 1) {
    const groups = Map.groupBy(now, groupOf);
    const elected = new Map(
      [...groups].flatMap(([group, members]) => {
        const tally = tallyOf(members);
        return tally.size === 0 ? [] : [[group, elect(tally)[0]] as const];
      }),
    );
    const voting = Map.groupBy(
      now.filter(({ value }) => value !== null),
      ({ source }) => source,
    );
    const weights = new Map(
      [...voting].map(([source, cast]) => {
        const agreed = cast.filter((ballot) => elected.get(groupOf(ballot)) === ballot.value).length;
        const share = (FULL * BigInt(agreed + 1)) / BigInt(cast.length + 2);
        const weight = (share * share) / FULL;
        return [source, weight < 1n ? 1n : weight] as const;
      }),
    );
    now = now.map((ballot) => ({ ...ballot, vote: (weights.get(ballot.source) ?? 1n) * ballot.factor }));
  }
  return now;
}

/** Rows with a rare text near to a frequent one. */
export function misspelt(
  rows: readonly Row[],
  field: string,
  limits: { maxDistance: number; maxShare: number; minRatio: number; minCount: number },
): number[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const cell = row[field];
    if (!isMissing(cell) && !/[0-9]/.test(cell!)) counts.set(cell!, (counts.get(cell!) ?? 0) + 1);
  }
  const models = [...counts].filter(([, count]) => count >= limits.minCount);
  return failing(rows, (row) => {
    const cell = row[field];
    const count = isMissing(cell) ? undefined : counts.get(cell!);
    if (count === undefined) return false;
    return models.some(([model, frequent]) => {
      const most = Math.min(limits.maxDistance, Buffer.byteLength(model) * limits.maxShare);
      return model !== cell && frequent >= count * limits.minRatio && distance(cell!, model) <= most;
    });
  });
}

/** Damerau's distance with transpositions over any gap, of UTF-8 bytes; the textbook table. */
export function distance(a: string, b: string): number {
  const [from, to] = [[...Buffer.from(a)], [...Buffer.from(b)]];
  const far = from.length + to.length;
  const table = Array.from({ length: from.length + 2 }, () => new Array<number>(to.length + 2).fill(far));
  const lastIn = new Map<number, number>();
  for (let i = 0; i <= from.length; i += 1) table[i + 1]![1] = i;
  for (let j = 0; j <= to.length; j += 1) table[1]![j + 1] = j;
  for (let i = 1; i <= from.length; i += 1) {
    let lastMatch = 0;
    for (let j = 1; j <= to.length; j += 1) {
      const k = lastIn.get(to[j - 1]!) ?? 0;
      const l = lastMatch;
      const same = from[i - 1] === to[j - 1];
      if (same) lastMatch = j;
      table[i + 1]![j + 1] = Math.min(
        table[i]![j]! + (same ? 0 : 1),
        table[i + 1]![j]! + 1,
        table[i]![j + 1]! + 1,
        table[k]![l]! + (i - k - 1) + 1 + (j - l - 1),
      );
    }
    lastIn.set(from[i - 1]!, i);
  }
  return table[from.length + 1]![to.length + 1]!;
}

/** Order of DuckDB's texts: by bytes. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
