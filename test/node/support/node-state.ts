/** A node's durable parts on a real Level database: state and event log in one transaction, and a store that can fail. */
import { type BatchOp, levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import type { LoggedEvent } from '@sealedger/node/evidence/log-entry.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { eventSigner } from '@sealedger/node/evidence/signer.ts';
import type { EventLog } from '@sealedger/node/ports.ts';
import { createStateStore, type Database, type LevelState, openDatabase } from '@sealedger/node/store/level-store.ts';
import { keyOf, START_MS } from './organisations.ts';

export interface NodeState {
  readonly database: Database;
  readonly state: LevelState;
  readonly log: EvidenceLog<BatchOp>;
  readonly events: EventLog;
  /** All events so far. */
  logged(): Promise<LoggedEvent[]>;
  close(): Promise<void>;
}

/**
 * Opens, or opens again, the state of a node.
 * @param wrap - puts faults around the store of the log.
 */
export async function openNodeState(
  directory: string,
  org: string,
  wrap: (store: EvidenceStore<BatchOp>) => EvidenceStore<BatchOp> = (store) => store,
): Promise<NodeState> {
  const database = await openDatabase(directory);
  const state = createStateStore(database);
  const log = await EvidenceLog.open({
    store: wrap(levelEvidenceStore(database)),
    signer: eventSigner(org, 1, keyOf(`${org}/signing`)),
    clock: { now: () => START_MS },
    secret: keyOf(`${org}/salts`),
  });
  const events: EventLog = {
    append: async (kind, fields, { id, operations = [] }) => {
      const draft = { kind, key: id, fields } as Parameters<typeof log.append>[0][number];
      await log.append([draft], state.operations(operations));
    },
  };
  return {
    database,
    state,
    log,
    events,
    logged: () => Promise.all(Array.from({ length: log.size }, (_, index) => log.eventAt(index))),
    close: async () => {
      await log.settled();
      await database.close();
    },
  };
}

/** The kind of an event, from its CloudEvents type. */
export function kindOf(event: LoggedEvent): string {
  return event.signed.event.type.split('.')[2]!;
}
