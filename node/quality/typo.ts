/**
 * Typos: a rare text that is nearly a frequent one of the same column.
 *
 * Compared are whole cells or the words of cells (`by: word`). A text is suspected when another one within the allowed
 * Damerau-Levenshtein distance occurs at least `minRatio` times as often; the nearest such text, and among equally near
 * ones the most frequent, is what a repair proposes. Words with a digit are left alone: near numbers are other numbers.
 * Distances and lengths are of UTF-8 bytes, as DuckDB counts them: one Chinese character for another is one to three.
 * Source: Damerau 1964 (four kinds of single mistakes cover most misspellings).
 */
import { z } from 'zod';

/** Texts that may be models of others, and texts that may be misspelt: the pairs compared stay below 20 million. */
const MAX_MODELS = 1000;
const MAX_SUSPECTS = 20_000;

/** What a rule of type `typo` says beside what all rules say. */
export const typoOptions = {
  by: z.enum(['cell', 'word']).default('cell'),
  /** In bytes: 3 for one Chinese character. */
  maxDistance: z.int().min(1).max(16).default(2),
  /** Largest distance as a share of the model's bytes: two letters of three are another word. */
  maxShare: z.number().gt(0).max(1).default(0.25),
  /** A model occurs at least so many times as often as its misspelling. */
  minRatio: z.number().min(1).max(1_000_000).default(10),
  /** A model occurs in at least so many cells. */
  minCount: z.int().min(2).max(1_000_000).default(5),
} as const;

export interface Typo {
  /** SQL of the text. */
  readonly value: string;
  readonly by: 'cell' | 'word';
  readonly maxDistance: number;
  readonly maxShare: number;
  readonly minRatio: number;
  readonly minCount: number;
}

/**
 * The cells that are, or hold, a misspelling.
 * @param relation - SQL name of a relation with `_row`.
 * @returns SQL of rows `_row BIGINT, proposed VARCHAR, confidence DOUBLE`: the cell with its misspelt texts replaced, and
 *   the model's share of the occurrences of all equally near models and of the misspelling (the least of all words).
 */
export function typoSql(relation: string, typo: Typo): string {
  const texts = typo.by === 'cell' ? '[v]' : `string_split(v, ' ')`;
  return `WITH base AS MATERIALIZED (SELECT _row, nullif(CAST((${typo.value}) AS VARCHAR), '') AS v FROM ${relation}),
    texts AS MATERIALIZED (SELECT t, count(DISTINCT _row) AS n FROM (SELECT _row, unnest(${texts}) AS t FROM base WHERE v IS NOT NULL)
      WHERE t <> '' AND NOT regexp_matches(t, '[0-9]') GROUP BY t),
    models AS MATERIALIZED (SELECT t, n FROM texts WHERE n >= ${typo.minCount} ORDER BY n DESC, t LIMIT ${MAX_MODELS}),
    suspects AS MATERIALIZED (SELECT t, n FROM texts WHERE n * ${typo.minRatio} <= (SELECT max(n) FROM models)
      ORDER BY n, t LIMIT ${MAX_SUSPECTS}),
    near AS MATERIALIZED (SELECT s.t, s.n, m.t AS model, m.n AS models, damerau_levenshtein(s.t, m.t) AS distance
      FROM suspects s JOIN models m ON m.n >= s.n * ${typo.minRatio} AND m.t <> s.t
      AND abs(strlen(m.t) - strlen(s.t)) <= ${typo.maxDistance}
      WHERE distance <= least(${typo.maxDistance}, strlen(m.t) * ${typo.maxShare}::DOUBLE)),
    nearest AS (SELECT *, min(distance) OVER (PARTITION BY t) AS least FROM near),
    fixes AS MATERIALIZED (SELECT t, arg_max(model, (models, model)) AS model,
      max(models) / (sum(models) + any_value(n)) AS confidence FROM nearest WHERE distance = least GROUP BY t),
    words AS (SELECT _row, unnest(${texts}) AS t, generate_subscripts(${texts}, 1) AS place FROM base WHERE v IS NOT NULL)
    SELECT _row, string_agg(coalesce(f.model, w.t), ' ' ORDER BY place) AS proposed, min(f.confidence)::DOUBLE AS confidence
    FROM words w LEFT JOIN fixes f USING (t) GROUP BY _row HAVING count(f.model) > 0`;
}
