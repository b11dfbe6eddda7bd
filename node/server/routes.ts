/** The routes of a node: who may call what, how large, and which part answers. */
import { hex32, organisationId, parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import { MAX_ORDER_BYTES } from '@sealedger/protocol/unlocking.ts';
import { z } from 'zod';
import type { Answer, Route, RouteContext } from './app.ts';
import { type CatalogueRouteParts, catalogueRoutes as searchRoutes } from './catalogue-routes.ts';
import { type ConsentRouteParts, consentRoutes } from './consent-routes.ts';
import { type LogRouteParts, logRoutes } from './log-routes.ts';
import { type QualityRouteParts, qualityRoutes } from './quality-routes.ts';
import { type RelayRouteParts, relayRoutes } from './relay-routes.ts';
import { type RequestRouteParts, requestRoutes } from './request-routes.ts';
import { type StatusRouteParts, statusRoutes } from './status-routes.ts';

/** What the routes call; node.ts fills it in. */
export interface RouteParts
  extends CatalogueRouteParts,
    ConsentRouteParts,
    LogRouteParts,
    QualityRouteParts,
    RequestRouteParts,
    RelayRouteParts,
    StatusRouteParts {
  readonly datasets: () => Promise<unknown>;
  readonly registerKey: (caller: string, id: string) => Promise<Uint8Array>;
  readonly registerTags: (id: string) => Promise<Uint8Array>;
  readonly registerSubjects: (caller: string, id: string) => Promise<Uint8Array>;
  readonly announce: (caller: string, requestId: string, attempt: number) => Promise<unknown>;
  readonly start: (caller: string, id: string, announcements: readonly unknown[]) => Promise<unknown>;
  readonly status: (caller: string, id: string) => Promise<unknown>;
  readonly chunk: (caller: string, id: string, chunk: number) => Promise<Uint8Array>;
  readonly unlock: (caller: string, frame: Uint8Array) => Promise<Uint8Array>;
  readonly lane: (caller: string, requestId: string, lane: number) => Promise<unknown>;
  readonly result: (caller: string, requestId: string, batch: number) => Promise<void>;
  /** `since`: size of this node's log up to which the reader has verified it. */
  readonly evidence: (requestId: string, since?: number) => Promise<unknown>;
  readonly versionEvidence: (datasetId: string, since?: number) => Promise<unknown>;
  readonly batchEvidence: (requestId: string, org: string, batch: number, since?: number) => Promise<unknown>;
}

const MAX_ANNOUNCEMENTS_BYTES = 64 << 10;

const announceSchema = z.strictObject({ requestId: hex32, attempt: z.int().positive() });
const startSchema = z.strictObject({ announcements: z.array(z.unknown()).min(1).max(32) });
const resultSchema = z.strictObject({ batch: z.int().positive() });
const readers = ['bank', 'regulator', 'department', 'gate', 'registrar'] as const;
const jsonBody = async (context: RouteContext): Promise<string> => Buffer.from(await context.body()).toString('utf8');
const id = (context: RouteContext): string => parseDocument(hex32, context.params['id'], 'path');
const ordinal = (text: string | undefined): number => parseDocument(z.coerce.number().int().min(0), text, 'path');

const since = ({ query }: RouteContext): number | undefined =>
  query.has('since') ? parseDocument(sizeSchema, query.get('since'), 'query') : undefined;
const sizeSchema = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** All routes under `/v1`. */
export function nodeRoutes(parts: RouteParts): readonly Route[] {
  return [
    ...searchRoutes(parts),
    ...catalogueRoutes(parts),
    ...requestRoutes(parts),
    ...computationRoutes(parts),
    ...releaseRoutes(parts),
    ...consentRoutes(parts),
    ...logRoutes(parts),
    ...qualityRoutes(parts),
    ...statusRoutes(parts),
    ...relayRoutes(parts),
  ];
}

function catalogueRoutes(parts: RouteParts): Route[] {
  const keepers = ['department', 'gate'] as const;
  return [
    get('/v1/datasets', readers, async () => ({ json: await parts.datasets() })),
    get('/v1/registers/:id/key', keepers, async (context) => ({
      bytes: await parts.registerKey(context.caller.org, id(context)),
    })),
    transfer('/v1/registers/:id/tags', keepers, async (context) => ({ bytes: await parts.registerTags(id(context)) })),
    transfer('/v1/registers/:id/subjects', ['gate'], async (context) => ({
      bytes: await parts.registerSubjects(context.caller.org, id(context)),
    })),
  ];
}

function computationRoutes(parts: RouteParts): Route[] {
  return [
    send('post', '/v1/computations', MAX_ANNOUNCEMENTS_BYTES, async (context) => {
      const { requestId, attempt } = parseJson(announceSchema, await jsonBody(context), 'computation');
      return { json: await parts.announce(context.caller.org, requestId, attempt) };
    }),
    send('post', '/v1/computations/:id/start', MAX_ANNOUNCEMENTS_BYTES, async (context) => {
      const { announcements } = parseJson(startSchema, await jsonBody(context), 'announcements');
      return { json: await parts.start(context.caller.org, id(context), announcements) };
    }),
    get('/v1/computations/:id', ['bank'], async (context) => ({
      json: await parts.status(context.caller.org, id(context)),
    })),
    transfer('/v1/computations/:id/chunks/:chunk', ['bank'], async (context) => ({
      bytes: await parts.chunk(context.caller.org, id(context), ordinal(context.params['chunk'])),
    })),
  ];
}

function releaseRoutes(parts: RouteParts): Route[] {
  return [
    {
      ...send('post', '/v1/unlockings', MAX_ORDER_BYTES, async (context) => ({
        bytes: await parts.unlock(context.caller.org, await context.body()),
      })),
      limit: 'unlock',
    },
    get('/v1/requests/:id/lanes/:lane', ['bank'], async (context) => ({
      json: await parts.lane(context.caller.org, id(context), ordinal(context.params['lane'])),
    })),
    send('post', '/v1/requests/:id/results', MAX_ANNOUNCEMENTS_BYTES, async (context) => {
      const { batch } = parseJson(resultSchema, await jsonBody(context), 'result');
      await parts.result(context.caller.org, id(context), batch);
      return { json: { logged: true } };
    }),
    get('/v1/evidence/requests/:id/batches/:org/:batch', readers, async (context) => ({
      json: await parts.batchEvidence(
        id(context),
        parseDocument(organisationId, context.params['org'], 'path'),
        ordinal(context.params['batch']),
        since(context),
      ),
    })),
    get('/v1/evidence/versions/:id', readers, async (context) => ({
      json: await parts.versionEvidence(id(context), since(context)),
    })),
    get('/v1/evidence/requests/:id', readers, async (context) => ({
      json: await parts.evidence(id(context), since(context)),
    })),
  ];
}

function get(path: string, roles: Route['roles'], answer: (context: RouteContext) => Promise<Answer>): Route {
  return { method: 'get', path, roles, maxBodyBytes: 0, answer };
}

/** An answer of megabytes. */
function transfer(path: string, roles: Route['roles'], answer: Route['answer']): Route {
  return { ...get(path, roles, answer), limit: 'transfer' };
}

/** A call that only a bank makes. */
function send(
  method: 'post' | 'put',
  path: string,
  maxBodyBytes: number,
  answer: (context: RouteContext) => Promise<Answer>,
): Route {
  return { method, path, roles: ['bank'], maxBodyBytes, answer };
}
