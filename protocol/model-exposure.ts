/**
 * How much of single features a bank could read out of all the models it holds certificates for.
 *
 * A score is linear in the features, and whoever has scores under models w₁ … wₘ has every combination of them. So the
 * measure is taken over the span of the models, not over each alone: the leverage of a feature is the squared length of
 * its axis projected into the span, 1 where some combination is that feature and nothing else; a party's is the largest
 * share that a combination can have within that party's features. Two models that differ in one department's weights
 * pass every test of single models and fail this one.
 *
 * Axes are scaled to the swing of a feature's part of the score in logits, and directions of the span that are shorter
 * than the noise of the released score are left out: they cannot be read.
 * Source: leverage scores are the diagonal of the projection ("hat") matrix, Hoaglin and Welsch 1978; DESIGN.md 3.2.
 */

/** One feature's part in one model: identity over all models, whose it is, and the largest change it makes in logits. */
export type FeatureSwing = { readonly key: string; readonly party: string; readonly swing: number };
export type ModelSwings = readonly FeatureSwing[];

export type Exposure = {
  /** Inverse Simpson index of the newest model's swings: how many equal features would be as spread as it is. */
  readonly effectiveFeatures: number;
  /** Largest leverage of a feature in the span of all models, 0 to 1. */
  readonly featureLeverage: number;
  /** Largest share of one party in a combination, 0 to 1. */
  readonly partyLeverage: number;
  /** Directions that can be told from noise. */
  readonly rank: number;
};

export type ExposureOptions = {
  /** Parties whose share in a combination does not count, since they agreed to stand alone in a model. */
  readonly agreed?: ReadonlySet<string>;
};

/**
 * Width in logits of the narrowest noise that a request may ever ask for (noiseWidthLog2 in request.ts): a shorter direction
 * of the span cannot be read. Not that of the request at hand: the same models may come back with less noise.
 */
const NARROWEST_NOISE = 2 ** -20;
/** Eigenvalues of a Gram matrix are good to so many units in the last place of the largest one. */
const EIGENVALUE_ULPS = 16;

/**
 * Measures what the newest model adds to the earlier ones of the same bank.
 * @param models - oldest first, the newest last; at least one.
 */
export function measureExposure(
  models: readonly ModelSwings[],
  { agreed = new Set() }: ExposureOptions = {},
): Exposure {
  const axes = [...new Map(models.flat().map(({ key, party }) => [key, party])).entries()];
  const place = new Map(axes.map(([key], index) => [key, index]));
  const rows = models.map((model) => {
    const row = new Float64Array(axes.length);
    for (const { key, swing } of model) row[place.get(key)!]! += swing;
    return row;
  });
  const basis = orthonormalBasis(rows);
  const leverages = axes.map((_, j) => basis.reduce((sum, direction) => sum + direction[j]! ** 2, 0));
  const parties = [...new Set(axes.map(([, party]) => party))].filter((party) => !agreed.has(party));
  const shares = parties.map((party) => {
    const own = axes.flatMap(([, owner], j) => (owner === party ? [j] : []));
    return largestEigenvalue(gram(basis, own));
  });
  return {
    effectiveFeatures: effectiveCount(rows.at(-1)!),
    featureLeverage: Math.max(0, ...leverages),
    partyLeverage: Math.max(0, ...shares),
    rank: basis.length,
  };
}

/** 1/Σp² with p the shares of the absolute swings; 0 for a model without weight. */
function effectiveCount(row: Float64Array): number {
  const total = row.reduce((sum, value) => sum + Math.abs(value), 0);
  if (total === 0) return 0;
  return 1 / row.reduce((sum, value) => sum + (value / total) ** 2, 0);
}

/** Orthonormal directions of the span that are longer than the release noise, from the eigenvectors of the Gram matrix. */
function orthonormalBasis(rows: readonly Float64Array[]): Float64Array[] {
  const columns = Array.from({ length: rows[0]!.length }, (_, j) => j);
  const { values, vectors } = eigen(gram(rows, columns));
  const floor = Math.max(NARROWEST_NOISE ** 2, EIGENVALUE_ULPS * Number.EPSILON * Math.max(...values));
  const directions: Float64Array[] = [];
  values.forEach((value, k) => {
    if (value <= floor) return;
    const direction = new Float64Array(columns.length);
    rows.forEach((row, i) => {
      const weight = vectors[i]![k]! / Math.sqrt(value);
      for (const j of columns) direction[j]! += weight * row[j]!;
    });
    directions.push(direction);
  });
  return directions;
}

type Matrix = number[][];

/** Inner products of the rows over some columns. */
function gram(rows: readonly Float64Array[], columns: readonly number[]): Matrix {
  return rows.map((a) => rows.map((b) => columns.reduce((sum, j) => sum + a[j]! * b[j]!, 0)));
}

function largestEigenvalue(matrix: Matrix): number {
  return Math.max(0, ...eigen(matrix).values);
}

const MAX_SWEEPS = 60;

/**
 * Eigenvalues and eigenvectors (as columns) of a symmetric matrix.
 * Source: cyclic Jacobi method, Golub and Van Loan, Matrix Computations, 8.5.
 */
function eigen(symmetric: Matrix): { readonly values: readonly number[]; readonly vectors: Matrix } {
  const a = symmetric.map((row) => [...row]);
  const n = a.length;
  const vectors = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  const scale = Math.max(...a.map((row, i) => Math.abs(row[i]!)), Number.MIN_VALUE);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off = Math.max(off, Math.abs(a[p]![q]!));
        rotate(a, vectors, p, q);
      }
    }
    if (off <= scale * Number.EPSILON) break;
  }
  return { values: a.map((row, i) => row[i]!), vectors };
}

/** One Jacobi rotation that clears a[p][q]. */
function rotate(a: Matrix, vectors: Matrix, p: number, q: number): void {
  const apq = a[p]![q]!;
  if (apq === 0) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) turn(row, p, q, c, s);
  const rowP = a[p]!;
  const rowQ = a[q]!;
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [rowP[k]!, rowQ[k]!];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
  for (const row of vectors) turn(row, p, q, c, s);
}

function turn(row: number[], p: number, q: number, c: number, s: number): void {
  const [x, y] = [row[p]!, row[q]!];
  row[p] = c * x - s * y;
  row[q] = s * x + c * y;
}
