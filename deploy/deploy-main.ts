/**
 * Deploys the contracts to a chain that runs already:
 * `node deploy/deploy-main.ts --rpc URL --key-file FILE --out FILE [--seal-scheme qbft|ibft2] [--validator HEX]...
 * [--confirmations N]`.
 *
 * The key file holds the founder's account key as 64 hex digits. Where the output file exists, it is checked against the
 * chain and nothing is deployed. Prints the deployment as JSON on stdout; exit 0, 1 (the chain or a file refuses) or 2 (usage).
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { areOfScheme, sealSchemeSchema } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { systemClock } from './clock.ts';
import { ensureDeployment } from './contracts.ts';

const USAGE =
  'usage: deploy-main.ts --rpc URL --key-file FILE --out FILE [--seal-scheme qbft|ibft2] [--validator HEX]... [--confirmations N]';

function readOptions() {
  const { values } = parseArgs({
    options: {
      rpc: { type: 'string' },
      'key-file': { type: 'string' },
      out: { type: 'string' },
      'seal-scheme': { type: 'string', default: 'ed25519' },
      validator: { type: 'string', multiple: true, default: [] },
      confirmations: { type: 'string', default: '0' },
    },
  });
  const confirmations = Number(values.confirmations);
  const { rpc, out, validator: validators } = values;
  const keyFile = values['key-file'];
  if (rpc === undefined || out === undefined || keyFile === undefined) throw new TypeError(USAGE);
  if (!Number.isInteger(confirmations) || confirmations < 0) throw new TypeError('--confirmations must be 0 or more');
  const sealScheme = sealSchemeSchema.safeParse(values['seal-scheme']).data;
  if (sealScheme === undefined || !areOfScheme({ sealScheme, validators })) {
    throw new TypeError('--validator: 32 bytes of hex, or 20 with --seal-scheme qbft|ibft2; each once');
  }
  return { rpc, out, keyFile, validators, sealScheme, confirmations };
}

async function deploy({ rpc: url, out, keyFile, ...options }: ReturnType<typeof readOptions>) {
  const founderKeyHex = toHex(fromHex((await readFile(keyFile, 'utf8')).trim(), 32));
  for (const validator of options.validators) fromHex(validator);
  const rpc = createJsonRpc(url, fetch);
  return ensureDeployment(out, { rpc, founderKeyHex, clock: systemClock, ...options });
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
    return 2;
  }
  try {
    process.stdout.write(`${JSON.stringify(await deploy(options))}\n`);
    return 0;
  } catch (cause) {
    process.stderr.write(`deploy: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    return 1;
  }
}

process.exitCode = await main();
