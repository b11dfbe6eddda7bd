/**
 * `sealedger-node run --config FILE [--passphrase-file FILE | --passphrase-fd N]`: the node itself.
 *
 * Prints one JSON line on stdout when it listens and one when it is ready; logs on stderr. Ends with 0 on SIGTERM and
 * SIGINT, with 1 and one line `{ failure }` where it could not start; with `--exit-with-parent` also when the parent's
 * IPC channel closes.
 */
import { parseArgs } from 'node:util';
import { PASSPHRASE_OPTIONS, placeOf, readPassphrase } from '@sealedger/transport/secret-input.ts';
import { readConfig } from '../config.ts';
import { type RunningNode, startNode } from '../node.ts';
import { type CommandIo, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, explain } from './command.ts';
import { usageText } from './usage.ts';

/** Runs until it is asked to stop. */
export async function runCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      'exit-with-parent': { type: 'boolean', default: false },
      ...PASSPHRASE_OPTIONS,
    },
  });
  if (values.config === undefined) {
    io.stderr(usageText('NODE_RUN_USAGE', io.locale));
    return EXIT_USAGE;
  }
  try {
    const passphrase = await readPassphrase(placeOf(values), io.locale);
    await runNode(values.config, passphrase, values['exit-with-parent']);
    return EXIT_DONE;
  } catch (error) {
    print({ failure: explain(error, io.locale) });
    io.stderr(`${explain(error, io.locale)}\n`);
    return EXIT_FAILED;
  }
}

async function runNode(config: string, passphrase: string, exitWithParent: boolean): Promise<void> {
  const stopped = untilAsked(exitWithParent);
  const node = await startNode(await readConfig(config), passphrase);
  print({ listening: true, org: node.org, port: node.port });
  process.on('message', (message: { ask?: string }) => {
    if (message.ask === 'usage') process.send?.({ answer: 'usage', value: usageOf(node) });
  });
  const outcome = await Promise.race([node.ready.then(() => 'ready' as const), node.failed, stopped]);
  if (outcome === 'ready') print({ ready: true, org: node.org, port: node.port });
  await Promise.race([stopped, node.failed]);
  await node.stop();
}

function untilAsked(exitWithParent: boolean): Promise<'stopped'> {
  return new Promise((resolve) => {
    const stop = (): void => resolve('stopped');
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    if (exitWithParent) process.once('disconnect', stop);
  });
}

/** What the runner's report says of this process. */
function usageOf(node: RunningNode): Readonly<Record<string, unknown>> {
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const cpu = process.cpuUsage();
  return { peakRssMb, cpu, events: node.eventCount(), traffic: Object.fromEntries(node.traffic) };
}

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
