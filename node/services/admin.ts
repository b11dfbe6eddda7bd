/** The operator's channel of a node: joins the commands of all areas, opens the listener, tells the operator where it is. */
import { randomBytes } from 'node:crypto';
import { parseEndpoint } from '@sealedger/protocol/endpoint.ts';
import { createPasswords } from '../keys/passwords.ts';
import nodePackage from '../package.json' with { type: 'json' };
import { type AdminCommand, type AdminServer, startAdminServer } from '../server/admin.ts';
import type { Route } from '../server/app.ts';
import { openApiDocument } from '../server/openapi.ts';
import { adminDatasets } from './admin-datasets.ts';
import { adminEvidence } from './admin-evidence.ts';
import { removeAdminFile, writeAdminFile } from './admin-file.ts';
import { adminKeys } from './admin-keys.ts';
import { adminMembers } from './admin-members.ts';
import { adminPeople } from './admin-people.ts';
import { adminPolicies } from './admin-policy.ts';
import { adminQuality } from './admin-quality.ts';
import { adminQuestions } from './admin-questions.ts';
import { adminRepairs } from './admin-repairs.ts';
import { adminRequests } from './admin-requests.ts';
import { adminStatus } from './admin-status.ts';
import { adminUsage } from './admin-usage.ts';
import { adminWorkOrders } from './admin-work-orders.ts';
import type { NodeParts } from './parts.ts';
import { openPersonGate, personGateParts } from './person-gate.ts';

const TOKEN_BYTES = 32;

export interface AdminChannel {
  readonly url: string;
  stop(): Promise<void>;
}

/** All commands that a running node takes from its operator; one line per area. */
export function adminCommands(parts: NodeParts): readonly AdminCommand[] {
  return [
    ...adminKeys(parts),
    ...adminPeople(parts),
    ...adminMembers(parts),
    ...adminDatasets(parts),
    ...adminEvidence(parts),
    ...adminStatus(parts.watch.status),
    ...adminQuality(parts),
    ...adminQuestions(parts),
    ...adminRequests(parts),
    ...adminPolicies(parts),
    ...adminWorkOrders(parts),
    ...adminRepairs(parts),
    ...adminUsage(parts),
  ];
}

/** Opens the channel and writes `admin.json`; a new token at every start. */
export async function openAdmin(parts: NodeParts, routes: readonly Route[]): Promise<AdminChannel> {
  const { log, config } = parts;
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const commands = adminCommands(parts);
  const passwords = createPasswords();
  const gate = await openPersonGate(personGateParts(parts, passwords));
  const server: AdminServer = await startAdminServer({
    commands,
    gate,
    log,
    token,
    documents: {
      '/openapi.json': () =>
        openApiDocument({
          org: config.org,
          version: nodePackage.version,
          endpoint: parseEndpoint(config.endpoint).base,
          adminUrl: server.url,
          routes,
          commands,
        }),
    },
  });
  await writeAdminFile(config.dataDir, { url: server.url, token });
  return {
    url: server.url,
    stop: async () => {
      await removeAdminFile(config.dataDir, token);
      await server.close();
      await passwords.close();
    },
  };
}
