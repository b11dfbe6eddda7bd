/** `sealedger status [ID]`: all requests of this bank in a line each, or one with every party, question and version. */
import type { Decision, PartyStatus, RequestOverview } from '../request-status.ts';
import {
  type BankCall,
  type BankCommand,
  instant,
  type Outcome,
  requestNamed,
  runBankCommand,
} from './bank-command.ts';
import { STATE_TEXTS } from './request-command.ts';
import type { CommandIo } from './verify-command.ts';

const statusCommand: BankCommand = {
  usage: 'BANK_STATUS_USAGE',
  options: [],
  words: [0, 1],
  run: async (call) => (call.words.length === 0 ? all(call) : one(call, await requestNamed(call, call.words[0]))),
};

export function runStatusCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(statusCommand, argv, io);
}

async function all(call: BankCall): Promise<Outcome> {
  const requests: RequestOverview[] = [];
  for (const id of await call.bank.requests()) requests.push(await call.bank.status(id));
  const lines = requests.map((request) => headline(call, request));
  return { document: { requests }, lines: lines.length === 0 ? [call.text('BANK_NO_REQUESTS')] : lines };
}

async function one(call: BankCall, requestId: string): Promise<Outcome> {
  const request = await call.bank.status(requestId);
  const { text } = call;
  const versions =
    request.versions.length < 2
      ? []
      : request.versions.map((version) =>
          text('BANK_VERSION', {
            requestId: version.requestId,
            change: text(CHANGE_TEXTS[version.change]),
            state: text(STATE_TEXTS[version.state]),
          }),
        );
  const waiting = request.waitingFor.map(({ org, what }) =>
    text('BANK_WAITS_FOR', { org, what: whatText(call, what) }),
  );
  return {
    document: request,
    lines: [
      headline(call, request),
      ...versions,
      ...request.parties.flatMap((party) => partyLines(call, party)),
      ...waiting,
    ],
  };
}

function headline({ text }: BankCall, request: RequestOverview): string {
  const { requestId, state, purpose, used, quota, expiresAt } = request;
  return text('BANK_STATUS_LINE', {
    requestId,
    state: text(STATE_TEXTS[state]),
    purpose,
    used,
    quota,
    expiresAt: instant(expiresAt),
  });
}

function partyLines(call: BankCall, party: PartyStatus): string[] {
  const { text } = call;
  const { org, decision, node, failure } = party;
  const roles = party.roles.map((role) => text(ROLE_TEXTS[role])).join(' + ');
  const timers = node?.timers.map(({ kind, dueAt, state }) =>
    text(TIMER_TEXTS[state], { kind: timerText(call, kind), dueAt: instant(dueAt) }),
  );
  const questions = node?.questions.map(({ questionId, text: asked, answer, askedAt }) =>
    text(answer === null ? 'BANK_QUESTION_OPEN' : 'BANK_QUESTION_ANSWERED', {
      questionId: questionId.slice(0, 12),
      askedAt: instant(askedAt),
      // a line feed in another's words would begin a line that looks like ours
      text: oneLine(asked ?? ''),
      answer: oneLine(answer ?? ''),
    }),
  );
  return [
    text('BANK_PARTY', { org, roles, decision: text(DECISION_TEXTS[decision]) }),
    ...(failure === null ? [] : [text('BANK_PARTY_AWAY', { org, code: failure })]),
    ...(timers ?? []),
    ...(questions ?? []),
  ];
}

function whatText({ text }: BankCall, what: string): string {
  if (what.startsWith('attachment:')) return text('BANK_WAIT_ATTACHMENT', { sha256: what.slice(11, 23) });
  if (what.startsWith('answer:')) return text('BANK_WAIT_ANSWER', { questionId: what.slice(7, 19) });
  const code = Object.hasOwn(WAIT_TEXTS, what) ? WAIT_TEXTS[what as keyof typeof WAIT_TEXTS] : undefined;
  return code === undefined ? what : text(code);
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ⏎ ');
}

/** A deadline that this version has no word for keeps its code. */
function timerText({ text }: BankCall, kind: string): string {
  const code = Object.hasOwn(TIMER_KINDS, kind) ? TIMER_KINDS[kind as keyof typeof TIMER_KINDS] : undefined;
  return code === undefined ? kind : text(code);
}

const TIMER_KINDS = { acknowledge: 'BANK_ACKNOWLEDGE', answer: 'BANK_ANSWER', correct: 'BANK_CORRECT' } as const;

const TIMER_TEXTS = { running: 'BANK_TIMER', met: 'BANK_TIMER_MET', overdue: 'BANK_TIMER_OVERDUE' } as const;

const WAIT_TEXTS = {
  node: 'BANK_WAIT_NODE',
  decision: 'BANK_WAIT_DECISION',
  'gate-key': 'BANK_WAIT_GATE_KEY',
  resumption: 'BANK_WAIT_RESUMPTION',
  document: 'BANK_WAIT_DOCUMENT',
  model: 'BANK_WAIT_MODEL',
} as const;

const ROLE_TEXTS = { owner: 'BANK_ROLE_OWNER', gate: 'BANK_ROLE_GATE' } as const;

const CHANGE_TEXTS = {
  new: 'BANK_CHANGE_NEW',
  amendment: 'BANK_CHANGE_AMENDMENT',
  renewal: 'BANK_CHANGE_RENEWAL',
} as const;

/** A decision in words. */
export const DECISION_TEXTS: Readonly<
  Record<Decision, 'BANK_PENDING' | 'BANK_APPROVED' | 'BANK_REJECTED' | 'BANK_NO_DECISION'>
> = {
  pending: 'BANK_PENDING',
  approved: 'BANK_APPROVED',
  rejected: 'BANK_REJECTED',
  none: 'BANK_NO_DECISION',
};
