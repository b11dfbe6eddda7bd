/** Finding requests: by who took part, what was asked, why and when; and by a released score that somebody can open. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { verifyInclusion } from '@sealedger/protocol/merkle.ts';
import { resultLeaf } from '@sealedger/protocol/result.ts';
import type { ReleaseOpening } from '../release-opening.ts';
import type { AuditView } from './look.ts';
import type { AuditedRequest, ChainStory } from './requests.ts';

/** What is looked for; fields that are missing match all. */
export type AuditQuery = {
  /** Took part in any way: asked, owns a dataset, decides, is a gate. */
  readonly org?: string | undefined;
  readonly requester?: string | undefined;
  readonly purpose?: string | undefined;
  /** Id of a version, `NAME`, `OWNER/NAME` or `OWNER/NAME/VERSION`. */
  readonly dataset?: string | undefined;
  /** The request's life, from submission to end, overlaps these times; Unix milliseconds. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
};

/** Requests that match all of it, oldest first. */
export function findRequests(
  { story, nowMs }: Pick<AuditView, 'story' | 'nowMs'>,
  query: AuditQuery,
): readonly AuditedRequest[] {
  const { org, requester, purpose, dataset, fromMs, toMs } = query;
  return [...story.requests.values()].filter((request) => {
    const { args } = request.submitted;
    if (org !== undefined && !partiesOf(request).has(org)) return false;
    if (requester !== undefined && args.requester !== requester) return false;
    if (purpose !== undefined && args.purpose !== purpose) return false;
    if (dataset !== undefined && !versionsOf(request).some((id) => datasetNames(story, id).includes(dataset)))
      return false;
    if (toMs !== undefined && request.submittedMs >= toMs) return false;
    return fromMs === undefined || (request.endedMs ?? nowMs) >= fromMs;
  });
}

/** Organisations that took part in a request. */
export function partiesOf({ submitted, life }: AuditedRequest): ReadonlySet<string> {
  return new Set([submitted.args.requester, ...life.deciders, ...submitted.args.gates]);
}

/** Ids of the versions that a request asks for, the register's last. */
export function versionsOf({ submitted }: AuditedRequest): readonly string[] {
  return [...submitted.args.datasetVersions, submitted.args.registerVersion];
}

function datasetNames({ versions }: ChainStory, id: string): readonly string[] {
  const published = versions.get(id)?.published.args;
  if (published === undefined) return [id];
  const { owner, name, version } = published;
  return [id, name, `${owner}/${name}`, `${owner}/${name}/${version}`];
}

/** Where a released score was committed to. */
export type FoundRelease = {
  readonly requestId: string;
  /** Who committed. */
  readonly org: string;
  readonly batch: number;
  readonly count: number;
  readonly committedMs: number;
  readonly block: number;
};

/**
 * Finds the batch that an opening belongs to.
 * Learns: who holds identifier, salt and proof learns batch, request and time; without the salt nobody can try an identifier.
 * @returns null where no commitment on chain has this leaf.
 */
export function findRelease({ story }: Pick<AuditView, 'story'>, opening: ReleaseOpening): FoundRelease | null {
  const { subject, status, score, salt, index, size, proof } = opening;
  const leaf = resultLeaf({ subject, status, score }, fromHex(salt));
  const hashes = proof.map((hash) => fromHex(hash));
  for (const request of story.requests.values()) {
    for (const { event, timeMs } of request.facts) {
      if (event.name !== 'ResultCommitted' || event.args.count !== size) continue;
      const root = fromHex(event.args.commitment);
      if (!verifyInclusion({ leafHash: leaf, index, treeSize: size, proof: hashes, root })) continue;
      const { org, batch, count } = event.args;
      return { requestId: request.id, org, batch, count, committedMs: timeMs, block: event.blockNumber };
    }
  }
  return null;
}
