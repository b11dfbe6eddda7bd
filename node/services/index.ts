/** What the routes call: each service checks who asks and hands the work to its stage. */

import { createRelayQueue } from '../server/relay-queue.ts';
import type { RouteParts } from '../server/routes.ts';
import { createApproval } from './approval.ts';
import { catalogueServices } from './catalogue-answers.ts';
import { computeServices } from './compute.ts';
import { consentServices } from './consent.ts';
import { evidenceServices } from './evidence.ts';
import { logServices } from './log.ts';
import type { NodeParts } from './parts.ts';
import { registerServices } from './register.ts';
import { requestServices } from './request.ts';
import { exchangeServices } from './request-exchange.ts';

export interface Services extends RouteParts {
  /** Goes on with decisions, gate keys and computations that a stop interrupted. */
  resume(): Promise<void>;
  /** Puts on chain again what a reorganisation took back: decisions and gate keys. */
  reconcile(): Promise<void>;
  /** Sends decisions that the chain was away for, and raises deadlines that have passed. */
  approvalTick(): Promise<void>;
  /** Removes models and attachments of requests that ended long ago. */
  retentionTick(): Promise<void>;
}

export function createServices(parts: NodeParts): Services {
  return {
    ...registerServices(parts),
    ...catalogueServices(parts),
    ...requestServices(parts),
    approvalTick: createApproval(parts).tick,
    ...exchangeServices(parts),
    ...computeServices(parts),
    ...consentServices(parts),
    ...evidenceServices(parts),
    ...logServices(parts.evidence.log),
    nodeStatus: parts.watch.status,
    relay: createRelayQueue(parts.config.relay),
    qualityHistory: parts.quality.historyOfVersion,
  };
}
