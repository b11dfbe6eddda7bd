/** The routes by which members search this node's catalogue, and banks say what is missing in it. */
import { hex32, parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Route } from './app.ts';

/** What the routes call; services/catalogue-answers.ts fills it in. */
export interface CatalogueRouteParts {
  readonly search: (caller: string, query: URLSearchParams) => Promise<unknown>;
  readonly fileNeed: (caller: string, envelope: unknown) => Promise<unknown>;
  readonly need: (caller: string, needId: string) => Promise<unknown>;
  readonly needs: (caller: string) => Promise<unknown>;
}

const MAX_NEED_BYTES = 256 << 10;
const readers = ['bank', 'regulator', 'department', 'gate', 'registrar'] as const;

export function catalogueRoutes(parts: CatalogueRouteParts): Route[] {
  const read = { method: 'get', maxBodyBytes: 0 } as const;
  return [
    {
      ...read,
      path: '/v1/catalogue/search',
      roles: readers,
      answer: async ({ caller, query }) => ({ json: await parts.search(caller.org, query) }),
    },
    {
      ...read,
      path: '/v1/needs',
      roles: ['bank'],
      answer: async ({ caller }) => ({ json: await parts.needs(caller.org) }),
    },
    {
      ...read,
      path: '/v1/needs/:id',
      roles: ['bank'],
      answer: async ({ caller, params }) => ({
        json: await parts.need(caller.org, parseDocument(hex32, params['id'], 'path')),
      }),
    },
    {
      method: 'post',
      path: '/v1/needs',
      roles: ['bank'],
      maxBodyBytes: MAX_NEED_BYTES,
      answer: async ({ caller, body }) => {
        const text = Buffer.from(await body()).toString('utf8');
        return { json: await parts.fileNeed(caller.org, parseJson(z.unknown(), text, 'need')) };
      },
    },
  ];
}
