/** The routes by which regulators and members follow this node's log; see protocol/evidence/log-answers.ts. */
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Caller, Route, RouteContext } from './app.ts';

/** What the routes call; services/log.ts fills it in. */
export interface LogRouteParts {
  /** @param size - undefined for the newest. */
  readonly checkpoint: (size: number | undefined) => Promise<unknown>;
  readonly consistency: (from: number, to: number) => Promise<unknown>;
  readonly inclusion: (index: number, size: number) => Promise<unknown>;
  readonly entries: (caller: Caller, start: number, end: number) => Promise<unknown>;
}

const followers = ['regulator', 'bank', 'department', 'gate', 'registrar'] as const;
const decimal = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'a whole number in decimal')
  .transform(Number);

export function logRoutes(parts: LogRouteParts): Route[] {
  return [
    read('/v1/log/checkpoint', ({ query }) =>
      parts.checkpoint(query.has('size') ? numberOf(query, 'size') : undefined),
    ),
    read('/v1/log/consistency', ({ query }) => parts.consistency(numberOf(query, 'from'), numberOf(query, 'to'))),
    read('/v1/log/inclusion', ({ query }) => parts.inclusion(numberOf(query, 'index'), numberOf(query, 'size'))),
    read('/v1/log/entries', ({ query, caller }) =>
      parts.entries(caller, numberOf(query, 'start'), numberOf(query, 'end')),
    ),
  ];
}

function read(path: string, answer: (context: RouteContext) => Promise<unknown>): Route {
  return {
    method: 'get',
    path,
    roles: followers,
    maxBodyBytes: 0,
    answer: async (context) => ({ json: await answer(context) }),
  };
}

function numberOf(query: URLSearchParams, name: string): number {
  return parseDocument(decimal, query.get(name) ?? undefined, `query parameter ${name}`);
}
