/** A department with one table in which rows fail on purpose, on a real database and with a chain in memory. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetConfig } from '@sealedger/node/catalogue/dataset.ts';
import { fileFingerprint } from '@sealedger/node/catalogue/fingerprint.ts';
import { createLogger } from '@sealedger/node/log.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import { type AssessOptions, type Assessor, type AssessParts, createAssessor } from '@sealedger/node/quality/assess.ts';
import type { MeasuredDataset } from '@sealedger/node/quality/measure.ts';
import { createOrderBook } from '@sealedger/node/quality/order-book.ts';
import { createOrderFiles } from '@sealedger/node/quality/order-rows.ts';
import { type QualityPlan, qualityPlanSchema } from '@sealedger/node/quality/plan.ts';
import { createWorkOrders, type WorkOrders } from '@sealedger/node/quality/work-orders.ts';
import { type FakeLedger, fakeLedger } from '../../node/support/fake-ledger.ts';
import { type NodeState, openNodeState } from '../../node/support/node-state.ts';
import { keyOf, testClock } from '../../node/support/organisations.ts';

export const PLANTED = ['PlantedName', '13800005678', 'PlantedCode'] as const;

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly district: string;
  readonly office: string;
}

export const HEADER = 'id,name,phone,district,office';

/** Twelve good rows; the tests spoil some. */
export function goodRows(): Row[] {
  return Array.from({ length: 12 }, (_, i) => ({
    id: `e${String(i + 1).padStart(3, '0')}`,
    name: `Company ${i + 1}`,
    phone: `1380000${String(1000 + i)}`,
    district: i % 2 === 0 ? 'north' : 'south',
    office: i % 3 === 0 ? 'east-office' : 'west-office',
  }));
}

export const RULES = `ruleSet: companies-rules
version: 1
dataset: companies
rules:
  - { id: name-present, type: notNull, field: name, dimension: completeness, severity: critical }
  - { id: phone-form, type: pattern, field: phone, pattern: '1[0-9]{10}', dimension: conformity, severity: major, title: { en: A mobile number has eleven digits, zh-CN: 手机号码应为 11 位数字 } }
  - { id: district-known, type: codeList, field: district, codes: [north, south], dimension: accuracy, severity: minor }
  - { id: id-unique, type: unique, field: id, dimension: consistency, severity: major }
`;

export interface Loop {
  readonly directory: string;
  readonly parts: AssessParts;
  readonly assessor: Assessor;
  readonly orders: WorkOrders;
  readonly node: NodeState;
  readonly ledger: FakeLedger;
  readonly clock: ReturnType<typeof testClock>;
  readonly logged: string[];
  readonly table: string;
  readonly rules: string;
  /** Writes the table. */
  write(rows: readonly Row[]): Promise<void>;
  /** Publishes the table as it is as the next version. */
  publish(): Promise<MeasuredDataset>;
  run(by?: string | null): ReturnType<Assessor['run']>;
}

export const NO_OPTIONS: AssessOptions = { by: null, sample: null, progress: () => undefined };

/** Opens the department in a directory; again in the same one goes on with its state. */
export async function openLoop(
  directory: string,
  settings: {
    readonly plan?: Partial<Omit<QualityPlan, 'dataset' | 'rules'>>;
    readonly wrap?: Parameters<typeof openNodeState>[2];
    readonly ledger?: FakeLedger;
    readonly clock?: ReturnType<typeof testClock>;
    readonly parts?: (parts: AssessParts) => AssessParts;
  } = {},
): Promise<Loop> {
  const node = await openNodeState(join(directory, 'state'), 'tax', settings.wrap);
  const ledger = settings.ledger ?? fakeLedger('tax');
  const clock = settings.clock ?? testClock();
  const logged: string[] = [];
  const [table, rules] = [join(directory, 'companies.csv'), join(directory, 'rules.yaml')];
  const plan = qualityPlanSchema.parse({
    dataset: 'companies',
    rules,
    units: { default: 'steward', column: 'office', byRule: { 'id-unique': 'registry' } },
    key: ['id'],
    ...settings.plan,
  });
  const source = { type: 'csv', file: table, delimiter: ',' } as const;
  const limits = { memoryMb: 256, threads: 1, timeoutMs: 60_000, workDirectory: join(directory, 'work') };
  const config: DatasetConfig = { name: 'companies', subject: 'id', level: 2, fields: [], source, limits };
  const fingerprint = (): Promise<string> => fileFingerprint(keyOf('fingerprint'), table);
  const published: MeasuredDataset[] = [];
  const pseudonym = (person: string): string => Buffer.from(keyOf(`person/${person}`)).toString('hex');
  const parts: AssessParts = {
    org: 'tax',
    state: node.state,
    events: node.events,
    ledger,
    clock,
    mutex: createMutex(),
    log: createLogger('tax', (line) => void logged.push(line)),
    plans: [plan],
    datasets: () => published,
    book: createOrderBook({ state: node.state, events: node.events, clock, pseudonym }),
    files: createOrderFiles(join(directory, 'orders')),
    fingerprint,
    pseudonym,
    orderKey: keyOf('orders'),
    rowSecret: Buffer.from(keyOf('rows')).toString('hex'),
    salt: () => randomBytes(16).toString('hex'),
  };
  const whole = settings.parts?.(parts) ?? parts;
  const assessor = createAssessor(whole);
  const publish = async (): Promise<MeasuredDataset> => {
    const version = (await ledger.latestDatasetVersion('companies')) + 1;
    const print = await fingerprint();
    await ledger.publishDatasetVersion({
      name: 'companies',
      version,
      metadataHash: '11'.repeat(32),
      commitment: print,
      level: 2,
    });
    const id = ledger.datasetVersionId('tax', 'companies', version);
    const measured = {
      config,
      published: {
        id,
        name: 'companies',
        version,
        metadataHash: '11'.repeat(32),
        commitment: print,
        fingerprint: print,
        rows: 12,
      },
    };
    await node.state.write([{ type: 'put', key: 'published/companies', value: measured.published }]);
    published.splice(0, 1, measured);
    return measured;
  };
  const known = await node.state.get<MeasuredDataset['published']>('published/companies');
  if (known !== undefined) published.push({ config, published: known });
  return {
    directory,
    parts: whole,
    assessor,
    orders: createWorkOrders(whole),
    node,
    ledger,
    clock,
    logged,
    table,
    rules,
    write: (rows) =>
      writeFile(table, `${[HEADER, ...rows.map((row) => Object.values(row).map(quoted).join(','))].join('\n')}\n`),
    publish,
    run: (by = 'li') => assessor.run('companies', { ...NO_OPTIONS, by }),
  };
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
