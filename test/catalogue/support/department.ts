/** A department's catalogue on a real store, with people, a fake chain and a table. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Catalogue, createCatalogue } from '@sealedger/node/catalogue/catalogue.ts';
import type { CatalogueParts } from '@sealedger/node/catalogue/publication.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import { pseudonymKey } from '@sealedger/node/people.ts';
import { type FakeLedger, fakeLedger } from '../../node/support/fake-ledger.ts';
import { type NodeState, openNodeState } from '../../node/support/node-state.ts';
import { keyOf, START_MS } from '../../node/support/organisations.ts';
import { subjectOf } from '../../node/support/subjects.ts';
import { csvOf, temporaryDirectory } from '../../node/support/temporary.ts';

export interface Department {
  readonly directory: string;
  readonly catalogue: Catalogue;
  readonly ledger: FakeLedger;
  readonly node: NodeState;
  readonly offered: CatalogueParts['offered'];
  readonly parts: CatalogueParts;
  readonly place: { readonly file: string; readonly base: string };
  /** Writes the table that the definition names. */
  writeIncome(rows?: readonly (readonly string[])[]): Promise<void>;
  /** The catalogue after a restart: another one over the same state. */
  reopened(): { readonly catalogue: Catalogue; readonly offered: CatalogueParts['offered'] };
}

export const PEOPLE = [
  { id: 'ana', roles: ['steward' as const] },
  { id: 'bo', roles: ['approver' as const] },
  { id: 'cy', roles: ['steward' as const, 'approver' as const] },
  { id: 'dee', roles: ['auditor' as const] },
];

export async function openDepartment(t: TestContext): Promise<Department> {
  const directory = await temporaryDirectory(t);
  const node = await openNodeState(join(directory, 'state'), 'tax');
  t.after(node.close);
  const ledger = fakeLedger('tax');
  const partsFor = (offered: CatalogueParts['offered']): CatalogueParts => ({
    org: 'tax',
    state: node.state,
    ledger,
    events: node.events,
    clock: { now: () => START_MS, sleep: async () => undefined },
    mutex: createMutex(),
    people: PEOPLE,
    secondPersonFromLevel: 4,
    personKey: pseudonymKey(keyOf('tax/seed')),
    fingerprintKey: keyOf('tax/fingerprint'),
    limits: { memoryMb: 256, threads: 1, timeoutMs: 60_000, workDirectory: join(directory, 'work') },
    places: { directories: [directory], databases: {} },
    offered,
  });
  const parts = partsFor([]);
  const department: Department = {
    directory,
    parts,
    catalogue: createCatalogue(parts),
    ledger,
    node,
    offered: parts.offered,
    place: { file: 'income.yaml', base: directory },
    writeIncome: (
      rows = [
        [subjectOf(1), '100', 'A'],
        [subjectOf(2), '', 'B'],
      ],
    ) => writeFile(join(directory, 'income.csv'), csvOf(['id_number', 'income', 'grade'], rows)),
    reopened: () => {
      const offered: CatalogueParts['offered'] = [];
      return { catalogue: createCatalogue(partsFor(offered)), offered };
    },
  };
  await department.writeIncome();
  return department;
}
