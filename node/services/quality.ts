/** The quality loop of a node, put together: runs, work orders, schedules, and what members may see of them. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { QualityHistory } from '@sealedger/protocol/quality-history.ts';
import { sourceFingerprint } from '../catalogue/fingerprint.ts';
import { hkdf } from '../crypto.ts';
import { pseudonym, pseudonymKey } from '../people.ts';
import { type Assessor, type AssessParts, createAssessor } from '../quality/assess.ts';
import { historyOf } from '../quality/history.ts';
import { createOrderBook } from '../quality/order-book.ts';
import { createOrderFiles } from '../quality/order-rows.ts';
import { createRepairs, type Repairs } from '../quality/repairs.ts';
import { assertSchedule, createScheduler, type Scheduler } from '../quality/schedule.ts';
import { createWorkOrders, type WorkOrders } from '../quality/work-orders.ts';
import type { NodeParts } from './parts.ts';

export interface Quality {
  readonly parts: AssessParts;
  readonly assessor: Assessor;
  readonly orders: WorkOrders;
  readonly scheduler: Scheduler;
  readonly repairs: Repairs;
  /** What is due: runs, what waited for the chain, alerts, points. One call at a time. */
  tick(): Promise<void>;
  /** @throws {ProtocolError} DATASET_UNKNOWN */
  historyOfVersion(versionId: string): Promise<QualityHistory>;
}

type QualityNeeds = Pick<
  NodeParts,
  'config' | 'keys' | 'state' | 'events' | 'ledger' | 'clock' | 'mutex' | 'log' | 'own' | 'fingerprintKey'
>;

const NO_SALT = new Uint8Array(0);
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** @throws {ProtocolError} SCHEDULE_INVALID */
export function openQuality(needs: QualityNeeds): Quality {
  const { config, keys, state, events, ledger, clock, mutex, log, own, fingerprintKey } = needs;
  for (const plan of config.quality) assertSchedule(plan, clock.now());
  const key = (use: string): Uint8Array => hkdf(keys.seed, NO_SALT, utf8(`${domains.workOrder}/${use}`), KEY_BYTES);
  const personKey = pseudonymKey(keys.seed);
  const nameOf = (person: string): string => pseudonym(personKey, person);
  const parts: AssessParts = {
    org: config.org,
    state,
    events,
    ledger,
    clock,
    mutex,
    log,
    plans: config.quality,
    datasets: () => own.datasets,
    book: createOrderBook({ state, events, clock, pseudonym: nameOf }),
    files: createOrderFiles(join(config.dataDir, 'work-orders')),
    fingerprint: (dataset) => sourceFingerprint(fingerprintKey, dataset),
    pseudonym: nameOf,
    orderKey: key('id'),
    rowSecret: toHex(key('rows')),
    salt: () => randomBytes(SALT_BYTES).toString('hex'),
  };
  const assessor = createAssessor(parts);
  const scheduler = createScheduler({
    state,
    clock,
    plans: config.quality,
    run: async (dataset, due) => {
      log.info('scheduled run', { dataset, missed: due.missed });
      return runScheduled(parts, assessor, dataset);
    },
  });
  return {
    parts,
    assessor,
    orders: createWorkOrders(parts),
    scheduler,
    repairs: createRepairs(parts, {
      key: hkdf(keys.seed, NO_SALT, utf8(domains.repair), KEY_BYTES),
      directory: join(config.dataDir, 'repairs'),
    }),
    tick: async () => {
      await assessor.resume();
      await assessor.settle();
      await scheduler.tick();
    },
    historyOfVersion: (versionId) => historyOfVersion(parts, versionId),
  };
}

/** A refusal ends the run, not the schedule; its code is kept for the operator. */
async function runScheduled({ log }: AssessParts, assessor: Assessor, dataset: string): Promise<string | null> {
  try {
    await assessor.run(dataset, { by: null, sample: null, progress: () => undefined });
    return null;
  } catch (error) {
    log.error('scheduled run failed', { dataset }, error);
    return isProtocolError(error) ? error.code : 'INTERNAL';
  }
}

/** All scores of the dataset of a version: what stands on chain, and the dimensions; units stay at home. */
async function historyOfVersion({ org, state, datasets }: AssessParts, versionId: string): Promise<QualityHistory> {
  const all = await historyOf(state);
  const name =
    all.find((entry) => entry.versionId === versionId)?.dataset ??
    datasets().find(({ published }) => published.id === versionId)?.published.name;
  if (name === undefined) throw new ProtocolError('DATASET_UNKNOWN', { dataset: versionId });
  const scores = all
    .filter(({ dataset }) => dataset === name)
    .map(({ versionId: id, version, round, at, ruleSetHash, reportHash, scoreBasisPoints, dimensions }) => ({
      versionId: id,
      version,
      round,
      measuredAt: new Date(at).toISOString(),
      ruleSetHash,
      reportHash,
      scoreBasisPoints,
      dimensions: [...dimensions],
    }));
  return { owner: org, dataset: name, scores };
}
