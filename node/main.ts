#!/usr/bin/env node
/**
 * The command `sealedger-node`: finds the command asked for and gives it output and language of this process.
 *
 * Exit 2 where the command is unknown or a refusal ends it; otherwise what the command returns.
 */
import { systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import { alertCommand } from './cli/alert-command.ts';
import { type CommandIo, EXIT_USAGE, explain, type NodeCommand } from './cli/command.ts';
import { datasetCommand } from './cli/dataset-command.ts';
import { decideCommand } from './cli/decide-command.ts';
import { endpointCommand } from './cli/endpoint-command.ts';
import { evidenceCommand } from './cli/evidence-command.ts';
import { fsckCommand } from './cli/fsck-command.ts';
import { keysCommand } from './cli/keys-command.ts';
import { memberCommand } from './cli/member-command.ts';
import { openApiCommand } from './cli/openapi-command.ts';
import { personCommand } from './cli/person-command.ts';
import { policyCommand } from './cli/policy-command.ts';
import { qualityCommand } from './cli/quality-command.ts';
import { repairCommand } from './cli/repair-command.ts';
import { requestCommand } from './cli/request-command.ts';
import { runCommand } from './cli/run-command.ts';
import { localeOf, statusCommand } from './cli/status-command.ts';
import { suspendCommand } from './cli/suspend-command.ts';
import { USAGE } from './cli/usage.ts';
import { usageCommand } from './cli/usage-command.ts';
import { workOrderCommand } from './cli/workorder-command.ts';

const commands: Readonly<Record<string, NodeCommand>> = {
  run: runCommand,
  keys: keysCommand,
  person: personCommand,
  member: memberCommand,
  endpoint: endpointCommand,
  dataset: datasetCommand,
  quality: qualityCommand,
  workorder: workOrderCommand,
  repair: repairCommand,
  policy: policyCommand,
  request: requestCommand,
  decide: decideCommand,
  suspend: suspendCommand,
  usage: usageCommand,
  alert: alertCommand,
  openapi: openApiCommand,
  evidence: evidenceCommand,
  fsck: fsckCommand,
  status: statusCommand,
};

async function main([name, ...rest]: readonly string[], io: CommandIo): Promise<number> {
  if (name === '--help') {
    io.stdout(USAGE);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    io.stderr(USAGE);
    return EXIT_USAGE;
  }
  try {
    return await command(rest, io);
  } catch (error) {
    io.stderr(`${explain(error, io.locale)}\n`);
    return EXIT_USAGE;
  }
}

/** The language that `--lang` names, so that usage and refusals are in it too. */
function asked(argv: readonly string[]): string | undefined {
  const at = argv.indexOf('--lang');
  return at < 0 ? undefined : argv[at + 1];
}

process.exit(
  await main(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    locale: localeOf(asked(process.argv), systemLocale(process.env)),
  }),
);
