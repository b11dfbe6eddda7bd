/**
 * `sealedger-node usage [ID]`: what was used of the grants, by day, against quota and budget, and what was refused.
 *
 * Exit 0 where it is shown, 2 for usage and refusals.
 */
import { type ErrorCode, isErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { usageContracts } from '../services/admin-usage.ts';
import type { GrantUsage } from '../services/usage-views.ts';
import { type AdminCall, columns, numberOption, runVerb, tell, wordsIn } from './call-options.ts';
import type { NodeCommand } from './command.ts';

/** Words for what the answer has as codes. */
const WORDS: ReadonlyMap<string, ErrorCode> = new Map([
  ['person', 'USAGE_PERSON'],
  ['enterprise', 'USAGE_ENTERPRISE'],
  ['day', 'USAGE_PERIOD_DAY'],
  ['month', 'USAGE_PERIOD_MONTH'],
  ['quarter', 'USAGE_PERIOD_QUARTER'],
  ['year', 'USAGE_PERIOD_YEAR'],
  ['unknown', 'USAGE_STATE_UNKNOWN'],
  ['submitted', 'REQUEST_STATE_SUBMITTED'],
  ['active', 'REQUEST_STATE_ACTIVE'],
  ['rejected', 'REQUEST_STATE_REJECTED'],
  ['revoked', 'REQUEST_STATE_REVOKED'],
  ['withdrawn', 'REQUEST_STATE_WITHDRAWN'],
  ['completed', 'REQUEST_STATE_COMPLETED'],
  ['expired', 'REQUEST_STATE_EXPIRED'],
  ['suspended', 'REQUEST_STATE_SUSPENDED'],
  ['superseded', 'REQUEST_STATE_SUPERSEDED'],
]);

/** Shows one grant, or all. @throws {ProtocolError} ARGUMENT_INVALID, REQUEST_UNKNOWN, ADMIN_NOT_RUNNING */
export const usageCommand: NodeCommand = (argv, io) =>
  runVerb(['show', ...argv], io, { show: showUsage }, ['days'], 'USAGE_USAGE');

async function showUsage(call: AdminCall): Promise<number> {
  const days = numberOption(call, 'days');
  const [request] = call.positionals;
  const answer = await call.ask(usageContracts.show, {
    ...(request === undefined ? {} : { request }),
    ...(days === undefined ? {} : { days }),
  });
  const words = wordsIn(call.io.locale);
  const text = answer.grants.map((grant) => textOf(call, grant)).join('\n');
  return tell(call, answer, text === '' ? `${words('USAGE_NONE')}\n` : text);
}

function textOf({ io }: AdminCall, grant: GrantUsage): string {
  const words = wordsIn(io.locale);
  const wordFor = (value: string): string => {
    const code = WORDS.get(value);
    return code === undefined ? value : words(code);
  };
  const { requestId, requester, subjects, state, quota, used, left, suspended } = grant;
  const lines = [
    words('USAGE_GRANT', {
      request: requestId.slice(0, 12),
      requester,
      subjects: wordFor(subjects),
      state: wordFor(state ?? 'unknown'),
    }),
    words('USAGE_QUOTA', { used, quota, left }),
    ...grant.budgets.map(({ period, limit, spent }) =>
      words('USAGE_BUDGET', { period: wordFor(period), spent, limit }),
    ),
    ...(suspended === null
      ? []
      : [words('USAGE_SUSPENDED', { reason: suspended.reason, at: suspended.at, note: suspended.note ?? '' })]),
  ];
  const days = grant.days.map(({ day, count, calls, cost }) => [day, String(count), String(calls), String(cost)]);
  const head = [words('USAGE_DAY'), words('USAGE_COUNT'), words('USAGE_CALLS'), words('USAGE_COST')];
  const refusals = grant.refusals.map(({ day, code, count }) => [day, String(count), isErrorCode(code) ? code : '']);
  const refused = [words('USAGE_DAY'), words('USAGE_COUNT'), words('USAGE_REFUSED')];
  return [
    `${lines.join('\n')}\n`,
    days.length === 0 ? '' : columns([head, ...days]),
    refusals.length === 0 ? '' : columns([refused, ...refusals]),
  ].join('');
}
