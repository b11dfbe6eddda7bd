/** `sealedger-node openapi --config FILE [--out FILE]`: the OpenAPI 3.1 description of the running node. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readDescription } from './admin-client.ts';
import { EXIT_DONE, EXIT_USAGE, type NodeCommand } from './command.ts';
import { usageText } from './usage.ts';

/** @throws {ProtocolError} ADMIN_NOT_RUNNING */
export const openApiCommand: NodeCommand = async (argv, io) => {
  const { values } = parseArgs({ args: [...argv], options: { config: { type: 'string' }, out: { type: 'string' } } });
  if (values.config === undefined) {
    io.stderr(usageText('NODE_OPENAPI_USAGE', io.locale));
    return EXIT_USAGE;
  }
  const text = `${JSON.stringify(await readDescription(values.config), null, 2)}\n`;
  if (values.out === undefined) io.stdout(text);
  else await writeFile(values.out, text);
  return EXIT_DONE;
};
