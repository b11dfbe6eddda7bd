/**
 * Consensus: several witnesses say what a cell should hold, and the cell that stands alone is the one that is pointed at.
 *
 * A witness is one or more columns (or expressions) that decide the field: all rows with the same witness hold the same
 * value. Each group of rows elects its most frequent value. The cell of a row is flagged when the elections of its
 * witnesses, added up, prefer another value to its own; that value is what a repair proposes. So one wrong cell in a group
 * of twenty-five flags one cell and not twenty-five, and a wrong determinant is flagged through the others. A group speaks
 * with `others / (others + own)` of one voice: a row alone in its group has no witness there.
 *
 * Where rows come from several sources, each source votes with the square of its reliability: how often it agreed with the
 * elected values, found by repeating the election. Rows of an authority (the one whom the value is about) outvote others.
 * All votes and voices are whole numbers, so that the result depends on no order of rows or threads.
 * Source: Bohannon et al. 2005 (repair by functional dependencies), Dong et al. 2009 (truth discovery from sources).
 */
import { z } from 'zod';

/** Votes of a row without sources. */
export const FULL_VOTE = 1000;
/** An authority's vote counts this many times. */
export const AUTHORITY_FACTOR = 1000;
/** Elections after which the reliabilities of sources moved no more on the tables tried. */
export const ELECTIONS = 4;
/** One voice of a witness: all of its group's votes are for one value, and the group is endless. */
export const FULL_VOICE = 1_000_000;

const expression = z.string().trim().min(1).max(2000);

/** What a rule of type `consensus` says beside what all rules say. */
export const consensusOptions = {
  /** Each a list of columns or SQL expressions; a row where one of them is null or empty has no such witness. */
  witnesses: z.array(z.array(expression).min(1).max(8)).min(1).max(8),
  /** Column or SQL expression that names the source of a row; with one witness only. */
  source: expression.optional(),
  /** SQL condition: rows that may speak for their group. */
  authority: expression.optional(),
  /** Rows that must stand behind the best value. */
  minRows: z.int().min(1).max(1_000_000).default(2),
  /** Share of the voices of a row's witnesses that the best value must have. */
  minShare: z.number().min(0).max(1).default(0.5),
} as const;

export interface Consensus {
  /** SQL of the value voted on; null or empty where the row has none. */
  readonly value: string;
  /** SQL, like all that follows. */
  readonly witnesses: readonly (readonly string[])[];
  readonly source?: string | undefined;
  readonly authority?: string | undefined;
  readonly minRows: number;
  readonly minShare: number;
}

/**
 * The cells that stand against their witnesses, and those that say nothing and could be filled.
 * @param relation - SQL name of a relation with `_row`.
 * @returns SQL of rows `_row BIGINT, disagrees BOOLEAN, proposed VARCHAR, confidence DOUBLE, support BIGINT`: whether the
 *   row holds another value (false: none), the best value, its share of the voices, and the rows of the group that
 *   support it most.
 */
export function consensusSql(relation: string, consensus: Consensus): string {
  const speaking = 'others > 0';
  const steps = [
    baseStep(relation, consensus),
    `voters AS MATERIALIZED (${consensus.witnesses.map(ballotsOf).join(' UNION ALL ')})`,
    ...reliabilitySteps(consensus),
    `tally AS MATERIALIZED (${tallyOf('ballots')})`,
    `elected AS MATERIALIZED (${electedOf('tally')})`,
    `groups AS MATERIALIZED (SELECT witness, grp, sum(votes)::HUGEINT AS total FROM tally GROUP BY witness, grp)`,
    // What a row hears: per witness the votes of the others, the best value of the group, and how many stand by its own.
    `heard AS MATERIALIZED (SELECT b._row, b.v, e.v AS best, e.n AS n, e.votes AS best_votes, g.total,
      coalesce(t.votes, 0)::HUGEINT AS own_votes, g.total - (CASE WHEN b.v IS NULL THEN 0 ELSE b.vote END) AS others, b.vote
      FROM ballots b JOIN elected e USING (witness, grp) JOIN groups g USING (witness, grp)
      LEFT JOIN tally t ON t.witness = b.witness AND t.grp = b.grp AND t.v = b.v)`,
    `candidates AS (SELECT _row, v, best, sum(${voice('best_votes')})::HUGEINT AS voices, max(n) AS n
      FROM heard WHERE ${speaking} GROUP BY _row, v, best)`,
    `winners AS (SELECT _row, v, arg_max(best, (voices, best)) AS best, max(voices) AS voices, arg_max(n, (voices, best)) AS n
      FROM candidates GROUP BY _row, v)`,
    `own AS (SELECT _row, sum(${voice('own_votes')})::HUGEINT AS voices, count(*) AS witnesses
      FROM heard WHERE ${speaking} GROUP BY _row)`,
  ];
  return `WITH ${steps.join(',\n')}
    SELECT w._row, w.v IS NOT NULL AS disagrees, w.best AS proposed,
      (w.voices / (o.witnesses * ${FULL_VOICE}))::DOUBLE AS confidence, w.n::BIGINT AS support
    FROM winners w JOIN own o USING (_row)
    WHERE w.best IS DISTINCT FROM w.v AND w.voices > o.voices AND w.n >= ${consensus.minRows}
      AND w.voices >= ${consensus.minShare}::DOUBLE * o.witnesses * ${FULL_VOICE}`;
}

/** Share of a group's votes, less the smaller the group is. */
function voice(votes: string): string {
  return `(${votes} * others * ${FULL_VOICE}) // (total * (others + vote))`;
}

function baseStep(relation: string, consensus: Consensus): string {
  const present = (text: string): string => `nullif(CAST((${text}) AS VARCHAR), '')`;
  const groups = consensus.witnesses.map((parts, index) => {
    const all = parts.map(present);
    // A list keeps ('a', 'bc') apart from ('ab', 'c').
    return `CASE WHEN ${all.map((part) => `${part} IS NOT NULL`).join(' AND ')} THEN [${all.join(', ')}] END AS w${index}`;
  });
  const { source, authority } = consensus;
  const origin = source === undefined ? `''` : `coalesce(CAST((${source}) AS VARCHAR), '')`;
  const factor = authority === undefined ? '1' : `CASE WHEN (${authority}) THEN ${AUTHORITY_FACTOR} ELSE 1 END`;
  return `base AS MATERIALIZED (SELECT _row, nullif(CAST((${consensus.value}) AS VARCHAR), '') AS v,
    ${origin} AS source, ${factor} AS factor, ${groups.join(', ')} FROM ${relation})`;
}

function ballotsOf(_: readonly string[], index: number): string {
  const name = `w${index}`;
  return `SELECT ${index} AS witness, ${name} AS grp, _row, v, source, factor FROM base WHERE ${name} IS NOT NULL`;
}

function tallyOf(ballots: string): string {
  return `SELECT witness, grp, v, sum(vote)::HUGEINT AS votes, count(*) AS n FROM ${ballots}
    WHERE v IS NOT NULL GROUP BY witness, grp, v`;
}

/** Ties go to the later text, the same on every run; no row's own value loses to one with as many votes. */
function electedOf(tally: string): string {
  return `SELECT witness, grp, arg_max(v, (votes, v)) AS v, max(votes) AS votes, arg_max(n, (votes, v)) AS n
    FROM ${tally} GROUP BY witness, grp`;
}

/** `ballots`: the voters with their votes. Between two elections sources are weighed by the values elected last. */
function reliabilitySteps(consensus: Consensus): string[] {
  const equal = `SELECT *, (${FULL_VOTE} * factor)::HUGEINT AS vote FROM voters`;
  if (consensus.source === undefined) return [`ballots AS MATERIALIZED (${equal})`];
  const steps = [`ballots0 AS MATERIALIZED (${equal})`];
  for (let round = 1; round < ELECTIONS; round += 1) {
    const before = `ballots${round - 1}`;
    steps.push(
      `elected${round} AS MATERIALIZED (${electedOf(`(${tallyOf(before)})`)})`,
      `weights${round} AS MATERIALIZED (${weightsOf(`elected${round}`)})`,
      `ballots${round === ELECTIONS - 1 ? '' : round} AS MATERIALIZED (SELECT v.*, (coalesce(w.weight, 1) * factor)::HUGEINT AS vote
        FROM voters v LEFT JOIN weights${round} w USING (source))`,
    );
  }
  return steps;
}

/** Reliability of a source: (agreed + 1) / (voted + 2) in thousandths, squared; Laplace's rule for sources that say little. */
function weightsOf(elected: string): string {
  const share = `((${FULL_VOTE} * (count(*) FILTER (b.v = e.v) + 1)) // (count(*) + 2))`;
  return `SELECT source, greatest(1, ${share} * ${share} // ${FULL_VOTE}) AS weight
    FROM voters b JOIN ${elected} e USING (witness, grp) WHERE b.v IS NOT NULL GROUP BY source`;
}
