/** What the operator's channel takes for work orders; every step names the person who answers for it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetName } from '@sealedger/protocol/dataset.ts';
import { z } from 'zod';
import { idOf, PERSON_ROLES, type Person, type PersonRole, personWith } from '../people.ts';
import { ORDER_STATES, REJECTION_REASONS } from '../quality/work-order.ts';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';
import { orderView, retestView, viewOfOrder } from './quality-views.ts';

const id = z.string().regex(/^[0-9a-f]{4,64}$/, 'the id of an order, or its first four digits at least');
const note = z.string().trim().min(1).max(1000);
const named = z.strictObject({ id });
const rowView = z.strictObject({
  row: z.int().positive(),
  reasons: z.array(z.int().min(0)),
  /** What was proposed for the row's failing cells when repairs were last proposed; "repair list" has the reasons. */
  repairs: z.array(
    z.strictObject({
      id: z.string(),
      field: z.string(),
      proposed: z.string(),
      confidence: z.int().min(0).max(10_000),
      state: z.enum(['open', 'accepted']),
    }),
  ),
});
const reasonView = z.strictObject({
  code: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  fields: z.array(z.string()),
});

const WORKERS = ['steward', 'operator'] as const;

/** The contracts, for the command line. */
export const workOrderContracts = {
  list: {
    name: 'workorder.list',
    summary: 'ADMIN_ORDER_LIST',
    input: z.strictObject({
      dataset: datasetName.optional(),
      unit: z.string().optional(),
      state: z.enum(ORDER_STATES).optional(),
      overdue: z.boolean().optional(),
    }),
    output: z.strictObject({ orders: z.array(orderView) }),
  },
  show: {
    name: 'workorder.show',
    summary: 'ADMIN_ORDER_SHOW',
    input: z.strictObject({ id, rows: z.int().min(0).max(10_000).default(20) }),
    output: orderView.extend({ reasons: z.array(reasonView), places: z.array(rowView) }),
  },
  assign: {
    name: 'workorder.assign',
    summary: 'ADMIN_ORDER_ASSIGN',
    roles: WORKERS,
    input: z.strictObject({ id, to: z.string().min(1).max(64) }),
    output: orderView,
  },
  fix: {
    name: 'workorder.fix',
    summary: 'ADMIN_ORDER_FIX',
    roles: WORKERS,
    input: z.strictObject({ id, note: note.optional() }),
    output: orderView,
  },
  reject: {
    name: 'workorder.reject',
    summary: 'ADMIN_ORDER_REJECT',
    roles: WORKERS,
    input: z.strictObject({ id, reason: z.enum(REJECTION_REASONS), note: note.optional() }),
    output: orderView,
  },
  accept: {
    name: 'workorder.accept',
    summary: 'ADMIN_ORDER_ACCEPT',
    roles: ['approver'],
    input: named,
    output: orderView,
  },
  decline: {
    name: 'workorder.decline',
    summary: 'ADMIN_ORDER_DECLINE',
    roles: ['approver', 'steward'],
    input: named,
    output: orderView,
  },
  retest: {
    name: 'workorder.retest',
    summary: 'ADMIN_ORDER_RETEST',
    roles: WORKERS,
    input: named,
    output: z.strictObject({ order: orderView, work: retestView }),
  },
  export: {
    name: 'workorder.export',
    summary: 'ADMIN_ORDER_EXPORT',
    roles: WORKERS,
    input: z.strictObject({ id, locale: z.enum(['en', 'zh-CN']).default('zh-CN') }),
    /** The file is in the node's data directory: rows do not go over the channel either. */
    output: z.strictObject({ file: z.string(), exported: z.int().min(0), missing: z.int().min(0) }),
  },
} as const;

/** The commands of a running node. */
export function adminWorkOrders(parts: NodeParts): readonly AdminCommand[] {
  const { orders } = parts.quality;
  const { people, dataDir } = parts.config;
  const answering = (by: Person | null, ...roles: readonly PersonRole[]): string =>
    personWith(people, idOf(by), ...roles).id;
  const view = (order: Parameters<typeof viewOfOrder>[0]) => viewOfOrder(order, parts.clock.now());
  const { list, show, assign, fix, reject, accept, decline, retest, export: exported } = workOrderContracts;
  return [
    adminCommand(list, async ({ dataset, unit, state, overdue }) => ({
      orders: (await orders.list())
        .map(view)
        .filter(
          (order) =>
            (dataset === undefined || order.dataset === dataset) &&
            (unit === undefined || order.unit === unit) &&
            (state === undefined || order.state === state) &&
            (overdue === undefined || order.overdue === overdue),
        ),
    })),
    adminCommand(show, async ({ id: wanted, rows }) => {
      const file = await orders.rows(wanted);
      const order = view(await orders.find(wanted));
      const proposed = await proposalsByRow(parts, order.dataset);
      const places = file.rows.slice(0, rows).map(([row, , , reasons]) => {
        const fields = new Set(reasons.flatMap((index) => file.reasons[index]?.fields ?? []));
        const repairs = (proposed.get(row) ?? []).filter(({ field }) => fields.has(field));
        return { row, reasons: [...reasons], repairs };
      });
      return { ...order, reasons: file.reasons, places };
    }),
    adminCommand(assign, async ({ id: wanted, to }, { person: by }) =>
      view(
        await orders.assign(wanted, personWith(people, to, ...PERSON_ROLES).id, answering(by, 'steward', 'operator')),
      ),
    ),
    adminCommand(fix, async ({ id: wanted, note: words }, { person: by }) =>
      view(await orders.fix(wanted, answering(by, 'steward', 'operator'), words)),
    ),
    adminCommand(reject, async ({ id: wanted, reason, note: words }, { person: by }) =>
      view(await orders.reject(wanted, answering(by, 'steward', 'operator'), reason, words)),
    ),
    adminCommand(accept, async ({ id: wanted }, { person: by }) =>
      view(await orders.accept(wanted, answering(by, 'approver'))),
    ),
    adminCommand(decline, async ({ id: wanted }, { person: by }) =>
      view(await orders.decline(wanted, answering(by, 'approver', 'steward'))),
    ),
    adminCommand(retest, async ({ id: wanted }, { person: by }) => {
      const { order, work } = await orders.retest(wanted, answering(by, 'steward', 'operator'));
      await parts.quality.assessor.settle();
      return { order: view(order), work };
    }),
    adminCommand(exported, async ({ id: wanted, locale }) => {
      const order = await orders.find(wanted);
      const { text, ...counts } = await orders.export(order.id, locale);
      const directory = join(dataDir, 'exports');
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = join(directory, `work-order-${order.id.slice(0, 16)}.csv`);
      await writeFile(file, text, { mode: 0o600 });
      return { file, ...counts };
    }),
  ];
}

type ProposedRepair = z.output<typeof rowView>['repairs'][number];

/** Repairs that wait for a decision or for the source, by row. */
async function proposalsByRow(
  { quality }: NodeParts,
  dataset: string,
): Promise<ReadonlyMap<number, readonly ProposedRepair[]>> {
  const byRow = new Map<number, ProposedRepair[]>();
  for (const { id: repair, row, field, proposed, confidence, state } of await quality.repairs.book.list(dataset)) {
    if (state !== 'open' && state !== 'accepted') continue;
    const ofRow = byRow.get(row) ?? [];
    ofRow.push({ id: repair, field, proposed, confidence, state });
    byRow.set(row, ofRow);
  }
  return byRow;
}
