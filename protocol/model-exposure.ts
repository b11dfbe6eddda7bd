/**
 * How much of single fields a bank could read out of all the models it holds certificates for.
 *
 * A score is linear in the features, and whoever has scores under models w₁ … wₘ has every combination of them. So the
 * measure is taken over the span of the models, not over each alone: the leverage of a field, or of a department, is the
 * largest share that a combination can have within its features, 1 where some combination is that and nothing else. Two
 * models that differ in one department's weights pass every test of single models and fail this one. Features of one
 * field count together: an indicator for each category, or a clip for each stretch, is the field in pieces.
 *
 * What moves with a clip is not known without the data. Features of one field that differ in clip, width or dataset may be
 * the same column or strangers, and a bank picks what suits it: what it seeks is a difference, what it hides behind cancels.
 * So both are measured, for what is sought and for the rest each: as axes of their own (`key`) and as one axis (`loose`).
 * One axis is the safe side for the rest: a sum of clipped values that is zero everywhere has swings that add up to zero.
 *
 * Axes are scaled to the swing of a feature's part of the score in logits, and directions of the span that are shorter
 * than the noise of the released score are left out: they cannot be read.
 * Source: leverage scores are the diagonal of the projection ("hat") matrix, Hoaglin and Welsch 1978; DESIGN.md 3.2.
 */

/** One feature's part in one model, and the largest change it makes in logits. */
export type FeatureSwing = {
  /** Everything but the width that makes it this feature; what is left where clip and dataset may move. */
  readonly key: string;
  readonly loose: string;
  /** Names the field among all departments' fields. */
  readonly field: string;
  readonly party: string;
  readonly swing: number;
  /** Bits of a rounded value; null for an indicator. */
  readonly width: number | null;
};
export type ModelSwings = readonly FeatureSwing[];

export type Exposure = {
  /** Inverse Simpson index of the newest model's swings by field: how many equal fields would be as spread as it is. */
  readonly effectiveFeatures: number;
  /** Largest share of one field in a combination of all models, 0 to 1. */
  readonly featureLeverage: number;
  /** Largest share of one party, 0 to 1, in a combination of the models in which it is not alone. */
  readonly partyLeverage: number;
  /** Directions that can be told from noise. */
  readonly rank: number;
};

/**
 * Width in logits of the narrowest noise that a request may ever ask for (noiseWidthLog2 in request.ts): a shorter direction
 * of the span cannot be read. Not that of the request at hand: the same models may come back with less noise.
 */
const NARROWEST_NOISE = 2 ** -20;
/** Below, a staircase is easily built of other features' clips, so that its rounding error may cancel. */
const NARROWEST_WIDTH = 10;
/** Eigenvalues of a Gram matrix are good to so many units in the last place of the largest one. */
const EIGENVALUE_ULPS = 16;

/** A row of swings for each model. */
type Rows = readonly Float64Array[];
type View = 'key' | 'loose';
/** One field in both views; `isSame` where they do not differ. */
type Field = { readonly party: string; readonly key: Rows; readonly loose: Rows; readonly isSame: boolean };

/**
 * Measures what the newest model adds to the earlier ones of the same bank.
 *
 * A model over one department stands bare because that department agreed to it, if it did. That says nothing of any other
 * combination: its share is taken over the models in which it is not alone. (A lone one on top would only take from its
 * part there.) The share of every other department is taken over all.
 * @param models - oldest first, the newest last; at least one.
 */
export function measureExposure(models: readonly ModelSwings[]): Exposure {
  const fields = fieldsOf(models);
  const views = viewsOf(fields);
  const joint = (party: string): number => {
    const shared = models.filter((swings) => swings.some((swing) => swing.party !== party));
    const among = shared.length === models.length ? fields : fieldsOf(shared);
    const own = among.filter((field) => field.party === party);
    return shareOf(among, own, among === fields ? views : viewsOf(among));
  };
  return {
    effectiveFeatures: effectiveCount(fields),
    featureLeverage: Math.max(0, ...fields.map((field) => shareOf(fields, [field], views))),
    partyLeverage: Math.max(0, ...[...new Set(fields.map(({ party }) => party))].map(joint)),
    rank: Math.max(...Object.values(views).map((basis) => basis[0]?.length ?? 0)),
  };
}

type Views = Readonly<Record<View, Basis>>;

function viewsOf(fields: readonly Field[]): Views {
  return { key: basisOf(fields.map(({ key }) => key)), loose: basisOf(fields.map(({ loose }) => loose)) };
}

/**
 * Rows by field. A rounded value is the value plus a rounding error, which is an axis of its own: two widths of one
 * feature differ by no more than that, one bit and twenty by half of the feature.
 */
function fieldsOf(models: readonly ModelSwings[]): readonly Field[] {
  const names = Map.groupBy(
    models.flatMap((swings, model) => swings.map((swing) => ({ ...swing, model }))),
    ({ field }) => field,
  );
  return [...names.values()].map((members) => {
    const rowsBy = (view: View): Rows => {
      const parts = members.flatMap((member) => partsOf(member, view));
      const axes = [...new Set(parts.map(({ axis }) => axis))];
      const rows = models.map(() => new Float64Array(axes.length));
      for (const { axis, model, swing } of parts) rows[model]![axes.indexOf(axis)]! += swing;
      return rows;
    };
    const [key, loose] = [rowsBy('key'), rowsBy('loose')];
    return { party: members[0]!.party, key, loose, isSame: key[0]!.length === loose[0]!.length };
  });
}

type Member = FeatureSwing & { readonly model: number };
type Part = { readonly axis: string; readonly model: number; readonly swing: number };

function partsOf({ model, swing, width, ...axes }: Member, view: View): readonly Part[] {
  const part = { axis: axes[view], model, swing };
  if (width === null || (view === 'loose' && width < NARROWEST_WIDTH)) return [part];
  return [part, { axis: `${width} ${axes[view]}`, model, swing: swing * 2 ** -width }];
}

/**
 * 1/Σp² with p the shares of the fields in the newest model, counted as they stand and with what may cancel cancelled;
 * 0 for a model without weight.
 */
function effectiveCount(fields: readonly Field[]): number {
  const sizes = (view: View): readonly number[] =>
    fields.map((field) => field[view].at(-1)!.reduce((sum, swing) => sum + Math.abs(swing), 0));
  return Math.min(...[sizes('key'), sizes('loose')].map(inverseSimpson));
}

function inverseSimpson(sizes: readonly number[]): number {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) return 0;
  return 1 / sizes.reduce((sum, size) => sum + (size / total) ** 2, 0);
}

/** Share of some fields in the combination of models that has most of them: the worst of the four views. */
function shareOf(fields: readonly Field[], own: readonly Field[], views: Views): number {
  const isOwn = new Set(own);
  const isAlike = own.every(({ isSame }) => isSame);
  const worst = (sought: View, rest: View): number => {
    const mixed = (): Basis => basisOf(fields.map((field) => field[isOwn.has(field) ? sought : rest]));
    const basis = sought === rest ? views[rest] : mixed();
    return largestEigenvalue(gramOf(own.map((field) => directions(field[sought], basis))));
  };
  const pairs: readonly (readonly [View, View])[] = [
    ['key', 'key'],
    ['loose', 'loose'],
    ['key', 'loose'],
    ['loose', 'key'],
  ];
  return Math.max(...pairs.slice(0, isAlike ? 2 : 4).map(([sought, rest]) => worst(sought, rest)));
}

/** For each model its part in each of the directions of the span that are longer than the release noise. */
type Basis = readonly (readonly number[])[];

/** Orthonormal directions, from the eigenvectors of the Gram matrix. */
function basisOf(parts: readonly Rows[]): Basis {
  const { values, vectors } = eigen(gramOf(parts));
  const floor = Math.max(NARROWEST_NOISE ** 2, EIGENVALUE_ULPS * Number.EPSILON * Math.max(...values));
  const readable = values.flatMap((value, k) => (value > floor ? [k] : []));
  return vectors.map((vector) => readable.map((k) => vector[k]! / Math.sqrt(values[k]!)));
}

/** The basis directions within some columns. */
function directions(rows: Rows, basis: Basis): Rows {
  return (basis[0] ?? []).map((_, k) => {
    const direction = new Float64Array(rows[0]!.length);
    rows.forEach((row, i) => {
      for (let j = 0; j < row.length; j++) direction[j]! += basis[i]![k]! * row[j]!;
    });
    return direction;
  });
}

type Matrix = number[][];

/** Inner products of the rows over all columns of the parts. */
function gramOf(parts: readonly Rows[]): Matrix {
  const size = parts[0]?.length ?? 0;
  const gram: Matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const rows of parts) {
    for (let i = 0; i < size; i++) {
      for (let k = 0; k <= i; k++) {
        let sum = 0;
        for (let j = 0; j < rows[i]!.length; j++) sum += rows[i]![j]! * rows[k]![j]!;
        gram[i]![k]! += sum;
        if (k < i) gram[k]![i]! += sum;
      }
    }
  }
  return gram;
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
