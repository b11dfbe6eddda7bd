/** `sealedger-node repair …`: proposed repairs; `--by` names the person who decides. Exit 0 where it is done, 2 for refusals. */
import { copyFile, rm } from 'node:fs/promises';
import { wordFor } from '@sealedger/protocol/catalogue/words.ts';
import { isErrorCode, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type RepairView, repairContracts } from '../services/admin-repairs.ts';
import {
  type AdminCall,
  columns,
  numberOption,
  runVerb,
  tell,
  type Verb,
  type Words,
  wordsIn,
} from './call-options.ts';
import { EXIT_DONE, type NodeCommand } from './command.ts';

const OPTIONS = ['state', 'rows'] as const;
const STATES = z.enum(['open', 'accepted', 'refused', 'void', 'applied']);

const verbs: Readonly<Record<string, Verb>> = {
  propose: proposeRepairs,
  list: listRepairs,
  accept: (call) => decide(call, 'accepted'),
  refuse: (call) => decide(call, 'refused'),
  patch: writePatch,
};

/** Runs one verb. */
export const repairCommand: NodeCommand = (argv, io) => runVerb(argv, io, verbs, OPTIONS, 'REPAIR_USAGE');

async function proposeRepairs(call: AdminCall): Promise<number> {
  const dataset = call.word(0, 'DATASET');
  const answer = await call.ask(repairContracts.propose, { dataset });
  return tell(call, answer, `${wordsIn(call.io.locale)('REPAIR_PROPOSED', { dataset, ...answer })}\n`);
}

async function listRepairs(call: AdminCall): Promise<number> {
  const [state, rows] = [call.option('state'), numberOption(call, 'rows')];
  const answer = await call.ask(repairContracts.list, {
    dataset: call.word(0, 'DATASET'),
    ...(state === undefined ? {} : { state: parseDocument(STATES, state, '--state') }),
    ...(rows === undefined ? {} : { rows }),
  });
  const words = wordsIn(call.io.locale);
  const text =
    answer.repairs.length === 0
      ? `${words('REPORT_NONE')}\n`
      : columns([headOf(words), ...answer.repairs.map((repair) => lineOf(call, repair))]);
  return tell(call, answer, text);
}

function headOf(words: Words): string[] {
  return [
    words('REPAIR_ID'),
    words('REPORT_STATE'),
    words('REPORT_ROW'),
    words('REPORT_FIELDS'),
    words('REPORT_PROPOSED'),
    words('REPORT_CONFIDENCE'),
    words('REPORT_REASON'),
  ];
}

function lineOf(call: AdminCall, { id, row, field, proposed, confidence, state, reason }: RepairView): string[] {
  const why = isErrorCode(reason.code) ? messageFor(reason.code, reason.details, call.io.locale) : reason.code;
  // A value may hold what a terminal would obey.
  return [
    id,
    wordFor(state, call.io.locale),
    String(row),
    field,
    JSON.stringify(proposed),
    `${Math.round(confidence / 100)} %`,
    why,
  ];
}

async function decide(call: AdminCall, decision: 'accepted' | 'refused'): Promise<number> {
  const dataset = call.word(0, 'DATASET');
  const ids = [call.word(1, 'REPAIR'), ...call.positionals.slice(2)];
  const answer = await call.ask(repairContracts.decide, { dataset, ids, decision });
  const text = wordsIn(call.io.locale)('REPAIR_DECIDED_COUNT', {
    count: answer.decided,
    state: wordFor(decision, call.io.locale),
  });
  return tell(call, answer, `${text}\n`);
}

/** The node writes the patch beside itself; here it is moved to where the operator wants it. */
async function writePatch(call: AdminCall): Promise<number> {
  const answer = await call.ask(repairContracts.patch, { dataset: call.word(0, 'DATASET') });
  let { file } = answer;
  if (call.out !== undefined) {
    await copyFile(file, call.out);
    await rm(file);
    file = call.out;
  }
  const text = messageFor('REPAIR_PATCHED', { ...answer, file }, call.io.locale);
  call.io.stdout(call.isJson ? `${JSON.stringify({ ...answer, file })}\n` : `${text}\n`);
  return EXIT_DONE;
}
