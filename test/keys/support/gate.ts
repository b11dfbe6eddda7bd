/** The gate of people over a state in memory, with the events that it logged. */
import { createPasswords, type Passwords } from '@sealedger/node/keys/passwords.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import { type ConfiguredPerson, pseudonymKey } from '@sealedger/node/people.ts';
import type { EventLog, StateOperation, StateStore } from '@sealedger/node/ports.ts';
import type { PersonGate } from '@sealedger/node/server/admin.ts';
import { openPersonGate } from '@sealedger/node/services/person-gate.ts';
import { keyOf, START_MS } from '../../node/support/organisations.ts';

export interface TestGate {
  readonly gate: PersonGate;
  readonly state: StateStore;
  readonly events: { readonly kind: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly clock: { ms: number };
  readonly personKey: Uint8Array;
  /** The gate after a restart, of the same or of other people, over the same state. */
  reopened(people?: readonly ConfiguredPerson[]): Promise<PersonGate>;
  close(): Promise<void>;
}

/** A node's state in memory. */
export function memoryState(): StateStore {
  const values = new Map<string, string>();
  return {
    get: async <T>(key: string) => {
      const text = values.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    list: async <T>(prefix: string) =>
      [...values]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, text]) => [key, JSON.parse(text) as T] as const),
    write: async (operations: readonly StateOperation[]) => {
      for (const operation of operations) {
        if (operation.type === 'put') values.set(operation.key, JSON.stringify(operation.value));
        else values.delete(operation.key);
      }
    },
    erase: async (key) => void values.delete(key),
  };
}

export async function openTestGate(
  people: readonly ConfiguredPerson[],
  passwords: Passwords = createPasswords(),
): Promise<TestGate> {
  const state = memoryState();
  const events: TestGate['events'] = [];
  const clock = { ms: START_MS };
  const log: EventLog = {
    append: async (kind, fields, { operations = [] }) => {
      events.push({ kind, fields: fields as Readonly<Record<string, unknown>> });
      await state.write(operations);
    },
  };
  const personKey = pseudonymKey(keyOf('tax/seed'));
  const open = (configured: readonly ConfiguredPerson[]): Promise<PersonGate> =>
    openPersonGate({
      org: 'tax',
      people: configured,
      personKey,
      passwords,
      state,
      events: log,
      clock: { now: () => clock.ms, sleep: async () => undefined },
      mutex: createMutex(),
    });
  return {
    gate: await open(people),
    state,
    events,
    clock,
    personKey,
    reopened: (others = people) => open(others),
    close: () => passwords.close(),
  };
}
