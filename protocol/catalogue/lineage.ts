/** Which version came from which: over what owners declared, and each version from its predecessor. */
import type { Origin } from './entry.ts';

/** A version as lineage knows it. */
export interface VersionNode {
  readonly owner: string;
  readonly name: string;
  readonly version: number;
  readonly derivedFrom: readonly Origin[];
}

export interface LineageEdge {
  /** `owner/name/version`. */
  readonly from: string;
  readonly to: string;
  readonly kind: 'revision' | 'derivation';
}

export interface Lineage {
  /** Everything that the version came from, nearest first. */
  readonly ancestors: readonly LineageEdge[];
  /** Everything that came from it, nearest first. */
  readonly descendants: readonly LineageEdge[];
}

/** The name of a version in an edge. */
export function versionKey({ owner, name, version }: Pick<VersionNode, 'owner' | 'name' | 'version'>): string {
  return `${owner}/${name}/${version}`;
}

/** All edges among versions: declared origins, and the next lower version of the same dataset that is known. */
export function lineageEdges(versions: readonly VersionNode[]): readonly LineageEdge[] {
  return versions.flatMap((node) => {
    const to = versionKey(node);
    const earlier = versions.filter(
      ({ owner, name, version }) => owner === node.owner && name === node.name && version < node.version,
    );
    const before = earlier.reduce<VersionNode | undefined>(
      (best, candidate) => (best === undefined || candidate.version > best.version ? candidate : best),
      undefined,
    );
    const revision: LineageEdge[] = before === undefined ? [] : [{ from: versionKey(before), to, kind: 'revision' }];
    return [
      ...revision,
      ...node.derivedFrom.map((origin): LineageEdge => ({ from: versionKey(origin), to, kind: 'derivation' })),
    ];
  });
}

/** Where a version came from and what came from it; what owners declared in a circle is walked once. */
export function lineageOf(
  versions: readonly VersionNode[],
  of: Pick<VersionNode, 'owner' | 'name' | 'version'>,
): Lineage {
  const edges = lineageEdges(versions);
  return {
    ancestors: walk(
      edges,
      versionKey(of),
      ({ to }) => to,
      ({ from }) => from,
    ),
    descendants: walk(
      edges,
      versionKey(of),
      ({ from }) => from,
      ({ to }) => to,
    ),
  };
}

function walk(
  edges: readonly LineageEdge[],
  start: string,
  near: (edge: LineageEdge) => string,
  far: (edge: LineageEdge) => string,
): LineageEdge[] {
  const byNear = Map.groupBy(edges, near);
  const found: LineageEdge[] = [];
  const seen = new Set([start]);
  for (let front = [start]; front.length > 0; ) {
    const step = front.flatMap((key) => byNear.get(key) ?? []);
    found.push(...step);
    front = [...new Set(step.map(far))].filter((key) => !seen.has(key));
    for (const key of front) seen.add(key);
  }
  return found;
}
