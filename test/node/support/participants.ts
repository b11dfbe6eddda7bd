/** The three participants of a computation in memory, each with its own state, guard and look at the chain. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Guard } from '@sealedger/node/approval/guard.ts';
import { type ComputationRecord, computationKeys } from '@sealedger/node/compute/computation.ts';
import { type Computations, createComputations } from '@sealedger/node/compute/computations.ts';
import type { RegisterView } from '@sealedger/node/match/register.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { type FakeLedger, fakeLedger } from './fake-ledger.ts';
import { guardOf } from './guards.ts';
import { type NodeState, openNodeState } from './node-state.ts';
import { type FakeDirectory, fakeDirectory, keyOf, organisation, testClock } from './organisations.ts';
import { onChainView, requestDocument, versionViews } from './request-fixture.ts';
import { temporaryDirectory } from './temporary.ts';

export const document = requestDocument();
export const view = onChainView(document);
export const orgs = {
  bank: organisation('bank', ['bank']),
  bureau: organisation('bureau', ['registrar', 'gate']),
  court: organisation('court', ['department']),
  tax: organisation('tax', ['department', 'gate']),
};
export const PEOPLE = 20_000;

export interface Node {
  readonly node: NodeState;
  readonly ledger: FakeLedger;
  readonly members: FakeDirectory;
  readonly computations: Computations;
  readonly started: ComputationRecord[];
  /** What the organisation asks by itself. */
  readonly ownFloor: { value: number | null };
}

/** A guard that lets everything through: a department whose people took the checks out. */
export const skipping = (ledger: FakeLedger): Guard => ({
  assertUsable: (use) => ledger.request(use.requestId),
  assertMayLeave: async () => undefined,
});

export function assemble(org: 'bureau' | 'court' | 'tax', node: NodeState, ledger: FakeLedger, guard?: Guard): Node {
  const started: ComputationRecord[] = [];
  const ownFloor: Node['ownFloor'] = { value: null };
  const members = fakeDirectory(Object.values(orgs));
  const register: RegisterView = { id: document.register.id, key: keyOf('k'), tags: new Uint8Array(), people: PEOPLE };
  const clock = testClock();
  const computations = createComputations({
    org,
    seed: orgs[org].seed,
    state: node.state,
    ledger,
    members,
    events: node.events,
    registers: { view: async () => register, subjects: async () => ({ ...register, identifiers: new Uint8Array() }) },
    clock,
    mutex: createMutex(),
    signAnnouncement: (announcement) => orgs[org].envelope(domains.announcement, announcement),
    guard:
      guard ??
      guardOf({
        org,
        ledger,
        members,
        clock,
        document,
        conditions: () => ({ qualityFloor: ownFloor.value }),
      }),
    run: (record) => void started.push(record),
  });
  return { node, ledger, members, computations, started, ownFloor };
}

export function ledgerOf(org: string): FakeLedger {
  const ledger = fakeLedger(org);
  ledger.requests.set(view.id, view);
  for (const version of versionViews(document)) ledger.versions.set(version.id, version);
  return ledger;
}

export async function nodeOf(t: TestContext, org: 'bureau' | 'court' | 'tax' = 'tax'): Promise<Node> {
  const node = await openNodeState(join(await temporaryDirectory(t), 'state'), org);
  t.after(node.close);
  await node.state.write([{ type: 'put', key: computationKeys.document(view.id), value: document }]);
  return assemble(org, node, ledgerOf(org));
}

export const announce = (n: Node, attempt = 1) => n.computations.announce('bank', view.id, attempt);
