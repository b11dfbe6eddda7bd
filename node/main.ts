#!/usr/bin/env node
/**
 * Process of one node: `sealedger-node run --config FILE`.
 *
 * Prints one JSON line on stdout when it listens and one when it is ready; logs on stderr. Ends with 0 on SIGTERM and
 * SIGINT, with 1 and one line `{ failure }` where it could not start; with `--exit-with-parent` also when the parent's IPC channel closes.
 */
import { parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { messageFor, systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import { readConfig } from './config.ts';
import { type RunningNode, startNode } from './node.ts';

const USAGE = 'usage: sealedger-node run --config FILE [--exit-with-parent]\n';

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { config: { type: 'string' }, 'exit-with-parent': { type: 'boolean', default: false } },
  });
  if (positionals[0] !== 'run' || values.config === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const stopped = untilAsked(values['exit-with-parent']);
  const node = await startNode(await readConfig(values.config));
  print({ listening: true, org: node.org, port: node.port });
  process.on('message', (message: { ask?: string }) => {
    if (message.ask === 'usage') process.send?.({ answer: 'usage', value: usageOf(node) });
  });
  const outcome = await Promise.race([node.ready.then(() => 'ready' as const), node.failed, stopped]);
  if (outcome === 'ready') print({ ready: true, org: node.org, port: node.port });
  await Promise.race([stopped, node.failed]);
  await node.stop();
  return 0;
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
  return { peakRssMb, events: node.eventCount(), traffic: Object.fromEntries(node.traffic) };
}

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function explain(error: unknown): string {
  if (!(error instanceof ProtocolError)) return error instanceof Error ? error.message : 'unknown failure';
  return `${error.code}: ${messageFor(error.code, error.details, systemLocale(process.env))}`;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  print({ failure: explain(error) });
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
