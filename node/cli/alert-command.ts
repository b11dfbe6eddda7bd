/**
 * `sealedger-node alert list|ack`: what was found unusual, and that a person looked at it.
 *
 * Exit 0 where none stands or it is done, 1 where some stand, 2 for usage and refusals.
 */
import { usageContracts } from '../services/admin-usage.ts';
import type { AlertView } from '../services/usage-views.ts';
import { type AdminCall, columns, runVerb, tell, wordsIn } from './call-options.ts';
import { EXIT_DONE, EXIT_FAILED, type NodeCommand } from './command.ts';

/** Runs one verb. @throws {ProtocolError} ARGUMENT_INVALID, ALERT_UNKNOWN, PERSON_…, ADMIN_NOT_RUNNING */
export const alertCommand: NodeCommand = (argv, io) =>
  runVerb(argv, io, { list: listAlerts, ack: acknowledge }, ['scope'], 'ALERT_USAGE');

async function listAlerts(call: AdminCall): Promise<number> {
  const scope = call.option('scope') === 'all' ? 'all' : 'standing';
  const answer = await call.ask(usageContracts.alerts, { scope });
  const text = answer.alerts.length === 0 ? `${wordsIn(call.io.locale)('ALERT_NONE')}\n` : table(call, answer.alerts);
  await tell(call, answer, text);
  return answer.alerts.some(({ acknowledged }) => acknowledged === null) ? EXIT_FAILED : EXIT_DONE;
}

async function acknowledge(call: AdminCall): Promise<number> {
  const input = { code: call.word(0, 'CODE'), org: call.word(1, 'ORGANISATION') };
  const answer = await call.ask(usageContracts.acknowledge, input);
  return tell(call, answer, table(call, [answer]));
}

function table(call: AdminCall, alerts: readonly AlertView[]): string {
  const words = wordsIn(call.io.locale);
  const head = [
    words('ALERT_CODE'),
    words('ALERT_ORG'),
    words('ALERT_REQUEST'),
    words('USAGE_COUNT'),
    words('ALERT_SINCE'),
    words('ALERT_ACKNOWLEDGED'),
  ];
  const rows = alerts.map(({ code, org, requestId, count, firstAt, acknowledged }) => [
    code,
    org ?? '-',
    requestId?.slice(0, 12) ?? '-',
    count === null ? '-' : String(count),
    firstAt ?? '-',
    acknowledged?.at ?? '-',
  ]);
  return columns([head, ...rows]);
}
