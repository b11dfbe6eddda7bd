/** The operator's channel of a node: joins the commands of all areas, opens the listener, tells the operator where it is. */
import { randomBytes } from 'node:crypto';
import { type AdminCommand, startAdminServer } from '../server/admin.ts';
import { adminDatasets } from './admin-datasets.ts';
import { removeAdminFile, writeAdminFile } from './admin-file.ts';
import { adminStatus } from './admin-status.ts';
import type { NodeParts } from './parts.ts';

const TOKEN_BYTES = 32;

export interface AdminChannel {
  readonly url: string;
  stop(): Promise<void>;
}

/** All commands that a running node takes from its operator; one line per area. */
export function adminCommands(parts: NodeParts): readonly AdminCommand[] {
  return [...adminDatasets(parts), ...adminStatus(parts.watch.status)];
}

/** Opens the channel and writes `admin.json`; a new token at every start. */
export async function openAdmin(parts: NodeParts): Promise<AdminChannel> {
  const { log, config } = parts;
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const server = await startAdminServer({ commands: adminCommands(parts), log, token });
  await writeAdminFile(config.dataDir, { url: server.url, token });
  return {
    url: server.url,
    stop: async () => {
      await removeAdminFile(config.dataDir, token);
      await server.close();
    },
  };
}
