/** The signed status of this node, for every member: regulators and operators of others see how far its evidence is. */
import type { NodeStatus } from '@sealedger/protocol/node-status.ts';
import type { Route } from './app.ts';

export interface StatusRouteParts {
  readonly nodeStatus: () => Promise<NodeStatus>;
}

export function statusRoutes(parts: StatusRouteParts): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/status',
      roles: ['bank', 'regulator', 'department', 'gate', 'registrar'],
      maxBodyBytes: 0,
      answer: async () => ({ json: await parts.nodeStatus() }),
    },
  ];
}
