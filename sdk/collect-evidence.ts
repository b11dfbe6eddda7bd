/**
 * One bundle from all who took part, for whoever may read the nodes' evidence: the bank of a request, or a regulator.
 *
 * Learns: the nodes learn what was asked for; the reader what their events say of it. Nothing is verified here.
 */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle, BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import { parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import type { LastState } from './verify/log-claims.ts';

const ANCHOR_WAIT_MS = 300;
const ANCHOR_PATIENCE_MS = 60_000;

export type EvidenceSource = {
  /** GET of `path` at the node of `org`, signed as a reader; the JSON of the answer. */
  readonly get: (org: string, path: string) => Promise<unknown>;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
};

/** A request as the chain shows it: whose parts make up its bundle. */
export type RequestParties = {
  readonly participants: readonly string[];
  readonly deciders: readonly { readonly org: string }[];
};

export type CollectedEvidence = {
  /** The parts that came, joined. */
  readonly bundle: Bundle;
  /** Organisations whose part did not come, and why; the verifier misses them too. */
  readonly missing: readonly { readonly org: string; readonly error: ProtocolError }[];
};

/** Every organisation that keeps events of a request: participants and deciders. */
export function partiesOf({ participants, deciders }: RequestParties): readonly string[] {
  return [...new Set([...participants, ...deciders.map(({ org }) => org)])].sort();
}

/** Where a node serves its part of a bundle. */
export function evidencePath(subject: BundleSubject): string {
  switch (subject.kind) {
    case 'request':
      return `/v1/evidence/requests/${subject.requestId}`;
    case 'version':
      return `/v1/evidence/versions/${subject.datasetId}`;
    case 'batch':
      return `/v1/evidence/requests/${subject.requestId}/batches/${subject.org}/${subject.batch}`;
  }
}

/**
 * Collects the parts of a bundle.
 * @param orgs - {@link partiesOf} a request, the gates for a batch, the owner of a version.
 * @param state - what the reader's verifier saw hold of each log: the parts continue from there, each with its proof.
 * @throws {ProtocolError} the first failure where no part came at all; BUNDLE_PARTS_DIFFER
 */
export async function collectEvidence(
  source: EvidenceSource,
  orgs: readonly string[],
  subject: BundleSubject,
  state: LastState = {},
): Promise<CollectedEvidence> {
  const answers = await Promise.all(orgs.map((org) => partOf(source, org, subject, state)));
  const parts = answers.flatMap(({ part }) => (part === undefined ? [] : [part]));
  const missing = answers.flatMap(({ org, error }) => (error === undefined ? [] : [{ org, error }]));
  const [first] = missing;
  if (parts.length === 0 && first !== undefined) throw first.error;
  return { bundle: mergeBundles(parts), missing };
}

/** {@link collectEvidence}, whole or not at all. @throws {ProtocolError} the first failure of any node */
export async function collectWholeEvidence(
  source: EvidenceSource,
  orgs: readonly string[],
  subject: BundleSubject,
): Promise<Bundle> {
  const { bundle, missing } = await collectEvidence(source, orgs, subject);
  const [first] = missing;
  if (first !== undefined) throw first.error;
  return bundle;
}

type Answer = { readonly org: string; readonly part?: Bundle; readonly error?: ProtocolError };

async function partOf(source: EvidenceSource, org: string, subject: BundleSubject, state: LastState): Promise<Answer> {
  const since = Object.hasOwn(state, org) ? `?since=${state[org]!.size}` : '';
  try {
    const part = parseBundle(await anchored(source, () => source.get(org, evidencePath(subject) + since)));
    return { org, part: ownPart(part, org, subject) };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { org, error };
  }
}

/** A node speaks for its own organisation alone, and of what it was asked for. */
function ownPart(part: Bundle, org: string, subject: BundleSubject): Bundle {
  const isOwn = part.statements.every(({ statement }) => statement.org === org);
  if (isOwn && canonicalText(part.subject) === canonicalText(subject)) return part;
  throw new ProtocolError('BUNDLE_PARTS_DIFFER', { what: `the part of ${org}` });
}

/** Asks again while the node waits for its anchor. */
async function anchored<T>({ clock }: EvidenceSource, ask: () => Promise<T>): Promise<T> {
  const deadline = clock.now() + ANCHOR_PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const wait = isProtocolError(error, 'EXPORT_NOT_ANCHORED') && clock.now() < deadline;
      if (!wait) throw error;
      await clock.sleep(ANCHOR_WAIT_MS);
    }
  }
}
