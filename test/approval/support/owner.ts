/** A department's approval over a fake chain: what decides, what it knows, and a request that waits for it. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DecideParts, Deciding } from '@sealedger/node/approval/decide.ts';
import { createPolicyBook } from '@sealedger/node/approval/policy-book.ts';
import type { OwnDataset } from '@sealedger/node/request/intake.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import type { Policy } from '@sealedger/protocol/policy/policy.ts';
import { type SimplePolicy, simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { type FakeLedger, fakeLedger } from '../../node/support/fake-ledger.ts';
import { type NodeState, openNodeState } from '../../node/support/node-state.ts';
import { fakeDirectory, organisation, testClock } from '../../node/support/organisations.ts';
import { onChainView, requestDocument, sheets } from '../../node/support/request-fixture.ts';
import { temporaryDirectory } from '../../node/support/temporary.ts';

export const BOUNDS: SimplePolicy = {
  requesters: ['bank'],
  purposes: ['credit-underwriting'],
  maxQuota: 100,
  maxTermDays: 30,
  otherwise: 'reject',
};

export interface Owner extends NodeState {
  readonly ledger: FakeLedger;
  readonly document: RequestDocument;
  readonly id: string;
  readonly parts: DecideParts;
  readonly clock: ReturnType<typeof testClock>;
  /** What a decision is about, as it stands on chain now. */
  deciding(): Deciding;
}

/** A dataset of `owner` as its node offers it. */
export function ownDataset(
  document: RequestDocument,
  owner: string,
  config: {
    readonly level?: number;
    readonly identifier?: string;
    readonly entry?: unknown;
    readonly fields?: unknown;
  } = {},
): OwnDataset {
  const asked = document.datasets.find((dataset) => dataset.owner === owner)!;
  const fields = sheets
    .find(({ party }) => party === owner)!
    .definitions.map(({ field }) => ({ name: field, kind: 'text' }));
  return {
    config: { name: asked.name, subject: 'id', level: 3, fields, ...config },
    published: { id: asked.id, name: asked.name, version: asked.version },
  } as unknown as OwnDataset;
}

/** The department `tax`, asked for its dataset; `court` and the registrar `bureau` decide beside it. */
export async function owner(
  t: TestContext,
  policies: readonly (Policy | string)[],
  change: {
    readonly document?: Partial<RequestDocument>;
    readonly dataset?: Parameters<typeof ownDataset>[2];
    readonly org?: string;
  } = {},
): Promise<Owner> {
  const { org = 'tax' } = change;
  const node = await openNodeState(join(await temporaryDirectory(t), 'state'), org);
  t.after(node.close);
  const ledger = fakeLedger(org);
  const document = requestDocument(change.document);
  const pending = ['court', 'tax', 'bureau'].map((decider) => ({
    decider,
    decision: 'pending' as const,
    grantHash: '',
  }));
  const view = onChainView(document, { state: 'submitted', decisions: pending });
  ledger.requests.set(view.id, view);
  await node.state.write([{ type: 'put', key: `document/${view.id}`, value: document }]);
  const members = ['bank', 'tax', 'court', 'bureau'].map((name) =>
    organisation(name, [name === 'bank' ? 'bank' : 'department']),
  );
  const clock = testClock();
  const own = members.find((member) => member.org === org) ?? organisation(org, ['gate']);
  const isDepartment = document.datasets.some((dataset) => dataset.owner === org);
  const datasets = isDepartment ? [ownDataset(document, org, change.dataset)] : [];
  const parts: DecideParts = {
    org,
    state: node.state,
    ledger,
    events: node.events,
    clock,
    members: fakeDirectory(members),
    datasets: () => datasets,
    policies: createPolicyBook(policies),
    secondPersonFromLevel: 4,
    signGrant: (grant) => own.envelope(domains.grant, grant, clock.now()),
  };
  const sheet = sheets.find(({ party }) => party === org) ?? null;
  return {
    ...node,
    ledger,
    document,
    id: view.id,
    parts,
    clock,
    deciding: () => ({ document, sheet, onChain: ledger.requests.get(view.id)! }),
  };
}

/** Bounds with changes. */
export function bounds(change: Partial<SimplePolicy> = {}): Policy {
  return simplePolicy({ ...BOUNDS, ...change });
}
