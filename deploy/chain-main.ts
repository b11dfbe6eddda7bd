/**
 * Process of the embedded chain: `node deploy/chain-main.ts --data DIR [--port N] [--chain-id N] [--exit-with-parent]`.
 *
 * Prints one JSON line on stdout once the contracts are deployed and calls are served, progress on stderr. Ends with 0 on
 * SIGTERM and SIGINT, and with `--exit-with-parent` when the parent's IPC channel or stdin pipe closes.
 */
import { parseArgs } from 'node:util';
import { chainFiles } from './chain-files.ts';
import { serveChain } from './chain-server.ts';
import { systemClock } from './clock.ts';
import { ensureDeployment } from './contracts.ts';
import { openEmbeddedChain } from './embedded-chain.ts';

const notice = (text: string) => process.stderr.write(`chain: ${text}\n`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '0' },
      'chain-id': { type: 'string' },
      'exit-with-parent': { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined) throw new TypeError('--data DIR is needed');
  const chainId = values['chain-id'] === undefined ? undefined : integer('--chain-id', values['chain-id'], 1, 2 ** 31);
  const port = integer('--port', values.port, 0, 65_535);
  return { dataDir: values.data, port, chainId, exitWithParent: values['exit-with-parent'] };
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new TypeError(`${name} must be an integer from ${min} to ${max}`);
}

/** Resolves when the process is asked to end. */
function untilAsked(exitWithParent: boolean): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    if (!exitWithParent) return;
    const parentGone = () => resolve('the parent ended');
    if (process.channel) process.once('disconnect', parentGone);
    else process.stdin.once('end', parentGone).once('close', parentGone).once('error', parentGone).resume();
  });
}

async function main(): Promise<void> {
  const { dataDir, port, chainId, exitWithParent } = readOptions();
  const asked = untilAsked(exitWithParent);
  const now = () => systemClock.now();
  const chain = await openEmbeddedChain({ dataDir, now, notice, ...(chainId === undefined ? {} : { chainId }) });
  const { rpc, founderKeyHex, genesisHash, validator } = chain;
  const files = chainFiles(dataDir);
  const clock = systemClock;
  await ensureDeployment(files.deployment, { rpc, founderKeyHex, clock, validators: [validator] });
  const stopped = Promise.withResolvers<never>();
  const server = await serveChain(rpc, port, stopped.reject);
  const { deployment, founderKey } = files;
  const ready = {
    ready: true,
    rpc: server.url,
    chainId: chain.chainId,
    genesisHash,
    validator,
    deployment,
    founderKey,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  try {
    notice(`ends (${await Promise.race([asked, stopped.promise])})`);
  } finally {
    await server.close();
    await chain.close();
  }
}

try {
  await main();
  // stdin may still be open
  process.exit(0);
} catch (cause) {
  notice(cause instanceof Error ? cause.message : String(cause));
  process.exit(1);
}
