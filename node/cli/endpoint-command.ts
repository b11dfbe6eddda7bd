/**
 * `sealedger-node endpoint --config FILE [--register [--passphrase-file FILE | --passphrase-fd N]]`: the endpoint that
 * belongs on chain, with the pin of this node's certificate.
 *
 * Makes the key and certificate of a self-signed node where there are none yet, so that it can be named before the first
 * start. `--register` puts it on chain with the organisation's own account; the node need not run, and does not start
 * before both agree.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { createLedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { PASSPHRASE_OPTIONS, placeOf, readPassphrase } from '@sealedger/transport/secret-input.ts';
import { type NodeConfig, readConfig } from '../config.ts';
import { keystorePath, openKeystore } from '../keys/keystore.ts';
import { endpointToRegister } from '../services/gateway.ts';
import { EXIT_DONE, EXIT_USAGE, type NodeCommand } from './command.ts';
import { usageText } from './usage.ts';

const clock = {
  now: () => Date.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)),
};

/** @throws {ProtocolError} ARGUMENT_INVALID, SCHEMA_MISMATCH, TLS_…, ENDPOINT_INVALID, KEYSTORE_…, CHAIN_… */
export const endpointCommand: NodeCommand = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, register: { type: 'boolean', default: false }, ...PASSPHRASE_OPTIONS },
  });
  if (values.config === undefined) {
    io.stderr(usageText('NODE_ENDPOINT_USAGE', io.locale));
    return EXIT_USAGE;
  }
  const config = await readConfig(values.config);
  const endpoint = await endpointToRegister(config, clock);
  if (values.register) await register(config, endpoint, await readPassphrase(placeOf(values), io.locale));
  io.stdout(`${endpoint}\n`);
  return EXIT_DONE;
};

async function register(config: NodeConfig, endpoint: string, passphrase: string): Promise<void> {
  const keys = await openKeystore(keystorePath(config.dataDir), passphrase);
  const client = createLedgerClient({
    rpc: createJsonRpc(config.rpcUrl, fetch),
    deployment: parseDeployment(JSON.parse(await readFile(config.deployment, 'utf8'))),
    clock,
    account: { privateKeyHex: toHex(keys.account) },
    confirmations: config.confirmations,
  });
  await client.setEndpoint(endpoint);
}
