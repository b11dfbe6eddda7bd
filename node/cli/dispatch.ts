/** The commands of `sealedger-node` by name, how each is used, and what runs the one that is asked for. */
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { alertCommand } from './alert-command.ts';
import { type CommandIo, EXIT_DONE, EXIT_USAGE, explain, type NodeCommand } from './command.ts';
import { datasetCommand } from './dataset-command.ts';
import { decideCommand } from './decide-command.ts';
import { endpointCommand } from './endpoint-command.ts';
import { evidenceCommand } from './evidence-command.ts';
import { fsckCommand } from './fsck-command.ts';
import { keysCommand } from './keys-command.ts';
import { memberCommand } from './member-command.ts';
import { openApiCommand } from './openapi-command.ts';
import { personCommand } from './person-command.ts';
import { policyCommand } from './policy-command.ts';
import { qualityCommand } from './quality-command.ts';
import { repairCommand } from './repair-command.ts';
import { requestCommand } from './request-command.ts';
import { runCommand } from './run-command.ts';
import { statusCommand } from './status-command.ts';
import { suspendCommand } from './suspend-command.ts';
import { usageText } from './usage.ts';
import { usageCommand } from './usage-command.ts';
import { workOrderCommand } from './workorder-command.ts';

interface Listed {
  readonly run: NodeCommand;
  /** Text on how it is used. */
  readonly usage: ErrorCode;
}

const commands: Readonly<Record<string, Listed>> = {
  run: { run: runCommand, usage: 'NODE_RUN_USAGE' },
  keys: { run: keysCommand, usage: 'KEYS_USAGE' },
  person: { run: personCommand, usage: 'PERSON_USAGE' },
  member: { run: memberCommand, usage: 'MEMBER_NODE_USAGE' },
  endpoint: { run: endpointCommand, usage: 'NODE_ENDPOINT_USAGE' },
  dataset: { run: datasetCommand, usage: 'DATASET_USAGE' },
  quality: { run: qualityCommand, usage: 'QUALITY_USAGE' },
  workorder: { run: workOrderCommand, usage: 'WORK_ORDER_USAGE' },
  repair: { run: repairCommand, usage: 'REPAIR_USAGE' },
  policy: { run: policyCommand, usage: 'POLICY_USAGE' },
  request: { run: requestCommand, usage: 'REQUEST_COMMAND_USAGE' },
  decide: { run: decideCommand, usage: 'DECIDE_USAGE' },
  suspend: { run: suspendCommand, usage: 'SUSPEND_USAGE' },
  usage: { run: usageCommand, usage: 'USAGE_USAGE' },
  alert: { run: alertCommand, usage: 'ALERT_USAGE' },
  openapi: { run: openApiCommand, usage: 'NODE_OPENAPI_USAGE' },
  evidence: { run: evidenceCommand, usage: 'EVIDENCE_USAGE' },
  fsck: { run: fsckCommand, usage: 'NODE_FSCK_USAGE' },
  status: { run: statusCommand, usage: 'NODE_STATUS_USAGE' },
};

/** Runs the command that the first word names. @returns its exit code; 2 where it is unknown or a refusal ends it. */
export async function runSealedgerNode([name, ...rest]: readonly string[], io: CommandIo): Promise<number> {
  if (name === '--help') {
    io.stdout(usageText('NODE_USAGE', io.locale));
    return EXIT_DONE;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    io.stderr(usageText('NODE_USAGE', io.locale));
    return EXIT_USAGE;
  }
  if (rest.includes('--help')) {
    io.stdout(usageText(command.usage, io.locale));
    return EXIT_DONE;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    io.stderr(`${explain(error, io.locale)}\n`);
    return EXIT_USAGE;
  }
}
