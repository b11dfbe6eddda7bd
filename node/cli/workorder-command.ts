/**
 * `sealedger-node workorder …`: what people do with work orders; `--by` names the person who answers for the step.
 *
 * Exit 0 where it is done, 1 where rows of a tested order still fail, 2 for usage and refusals.
 */
import { copyFile, rm } from 'node:fs/promises';
import { wordFor } from '@sealedger/protocol/catalogue/words.ts';
import { isErrorCode, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { ORDER_REASON_WORDS, ORDER_WORDS } from '../quality/report-words.ts';
import { ORDER_STATES, REJECTION_REASONS } from '../quality/work-order.ts';
import { workOrderContracts } from '../services/admin-work-orders.ts';
import type { OrderView } from '../services/quality-views.ts';
import { type AdminCall, columns, needed, numberOption, runVerb, tell, type Verb, wordsIn } from './call-options.ts';
import { EXIT_DONE, EXIT_FAILED, type NodeCommand } from './command.ts';

const OPTIONS = ['dataset', 'unit', 'state', 'to', 'reason', 'note', 'rows'] as const;

const verbs: Readonly<Record<string, Verb>> = {
  list: listOrders,
  show: showOrder,
  assign: (call) => step(call, call.ask(workOrderContracts.assign, { ...named(call), to: needed(call, 'to') })),
  fix: (call) => step(call, call.ask(workOrderContracts.fix, { ...named(call), ...noteOf(call) })),
  reject: (call) =>
    step(call, call.ask(workOrderContracts.reject, { ...named(call), ...noteOf(call), reason: reasonOf(call) })),
  close: (call) => step(call, call.ask(workOrderContracts.accept, named(call))),
  reopen: (call) => step(call, call.ask(workOrderContracts.decline, named(call))),
  retest: retestOrder,
  export: exportRows,
};

/** Runs one verb. */
export const workOrderCommand: NodeCommand = (argv, io) => runVerb(argv, io, verbs, OPTIONS, 'WORK_ORDER_USAGE');

async function listOrders(call: AdminCall): Promise<number> {
  const [dataset, unit, state] = [call.option('dataset'), call.option('unit'), call.option('state')];
  const input = {
    ...(dataset === undefined ? {} : { dataset }),
    ...(unit === undefined ? {} : { unit }),
    ...(state === 'overdue' ? { overdue: true } : {}),
    ...(state === undefined || state === 'overdue'
      ? {}
      : { state: parseDocument(z.enum(ORDER_STATES), state, '--state') }),
  };
  const answer = await call.ask(workOrderContracts.list, input);
  const text =
    answer.orders.length === 0
      ? `${wordsIn(call.io.locale)('REPORT_NONE')}\n`
      : columns([headOf(call), ...answer.orders.map((order) => rowOf(call, order))]);
  return tell(call, answer, text);
}

async function showOrder(call: AdminCall): Promise<number> {
  const rows = numberOption(call, 'rows');
  const answer = await call.ask(workOrderContracts.show, { ...named(call), ...(rows === undefined ? {} : { rows }) });
  const words = wordsIn(call.io.locale);
  const reasonText = (index: number): string => {
    const reason = answer.reasons[index];
    return reason === undefined || !isErrorCode(reason.code)
      ? ''
      : messageFor(reason.code, reason.details, call.io.locale);
  };
  const steps = answer.steps.map(({ at, state, by, rows: left, reason, note }) => [
    at,
    words(ORDER_WORDS[state]),
    by ?? '',
    String(left),
    [reason === null ? null : stepReason(call, reason), note === null ? null : JSON.stringify(note)]
      .filter((text) => text !== null)
      .join(' '),
  ]);
  const places = answer.places.map(({ row, reasons, repairs }) => [
    String(row),
    reasons.map(reasonText).join('; '),
    repairs.map((repair) => repairText(call, repair)).join('; '),
  ]);
  const head = [words('REPORT_ROW'), words('REPORT_REASON'), words('REPORT_PROPOSED')];
  const rowsText = places.length === 0 ? '' : `\n${columns([head, ...places])}`;
  return tell(call, answer, `${columns([headOf(call), rowOf(call, answer)])}\n${columns(steps)}${rowsText}`);
}

type ShownRepair = z.output<typeof workOrderContracts.show.output>['places'][number]['repairs'][number];

function repairText({ io }: AdminCall, { field, proposed, confidence, state }: ShownRepair): string {
  return wordsIn(io.locale)('REPORT_PROPOSAL_OF', {
    field,
    // A value may hold what a terminal would obey.
    value: JSON.stringify(proposed),
    confidence: Math.round(confidence / 100),
    state: wordFor(state, io.locale),
  });
}

async function retestOrder(call: AdminCall): Promise<number> {
  const { order, work } = await call.ask(workOrderContracts.retest, named(call));
  const words = wordsIn(call.io.locale);
  const done = work === null ? '' : `${words('WORK_ORDER_RETESTED', work)}\n`;
  await tell(call, { order, work }, `${columns([rowOf(call, order)])}${done}`);
  return order.state === 'closed' ? EXIT_DONE : EXIT_FAILED;
}

/** The node writes the rows beside itself; here they are moved to where the operator wants them. */
async function exportRows(call: AdminCall): Promise<number> {
  const { locale } = call.io;
  const answer = await call.ask(workOrderContracts.export, { ...named(call), locale });
  let { file } = answer;
  if (call.out !== undefined) {
    await copyFile(file, call.out);
    await rm(file);
    file = call.out;
  }
  const text = messageFor('WORK_ORDER_EXPORTED', { ...answer, file }, locale);
  call.io.stdout(call.isJson ? `${JSON.stringify({ ...answer, file })}\n` : `${text}\n`);
  return EXIT_DONE;
}

async function step(call: AdminCall, answer: Promise<OrderView>): Promise<number> {
  const order = await answer;
  return tell(call, order, columns([rowOf(call, order)]));
}

function stepReason({ io }: AdminCall, reason: string): string {
  const code = ORDER_REASON_WORDS.get(reason);
  return code === undefined ? reason : messageFor(code, {}, io.locale);
}

function headOf(call: AdminCall): string[] {
  const words = wordsIn(call.io.locale);
  return [
    words('REPORT_ORDER'),
    words('REPORT_DATASET'),
    words('REPORT_RULE'),
    words('REPORT_UNIT'),
    words('REPORT_FAILING_ROWS'),
    words('REPORT_STATE'),
    words('REPORT_DUE'),
    words('REPORT_PERSON'),
  ];
}

function rowOf(call: AdminCall, order: OrderView): string[] {
  const words = wordsIn(call.io.locale);
  const late = order.overdue ? ` ${words('REPORT_OVERDUE')}` : '';
  return [
    order.id.slice(0, 12),
    order.dataset,
    order.ruleId,
    order.unit,
    String(order.rows),
    words(ORDER_WORDS[order.state]),
    `${order.dueOn}${late}`,
    order.assignee ?? '',
  ];
}

function named(call: AdminCall): { readonly id: string } {
  return { id: call.word(0, 'ORDER') };
}

function noteOf(call: AdminCall): { readonly note?: string } {
  const note = call.option('note');
  return note === undefined ? {} : { note };
}

function reasonOf(call: AdminCall): (typeof REJECTION_REASONS)[number] {
  return parseDocument(z.enum(REJECTION_REASONS), needed(call, 'reason'), '--reason');
}
