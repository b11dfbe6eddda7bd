/** The routes of a request: its document and model, attachments, answers to questions, and how it stands. */
import { MAX_ATTACHMENT_BYTES } from '@sealedger/protocol/request.ts';
import { hex32, parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { MAX_MODEL_BYTES } from '../request/model-store.ts';
import type { Caller, Route, RouteContext } from './app.ts';

/** What the routes call; services/request.ts and services/request-exchange.ts fill it in. */
export interface RequestRouteParts {
  readonly request: (caller: string, body: unknown) => Promise<unknown>;
  readonly model: (caller: string, requestId: string, bodyInto: RouteContext['bodyInto']) => Promise<void>;
  readonly attachment: (
    caller: string,
    requestId: string,
    sha256: string,
    bodyInto: RouteContext['bodyInto'],
  ) => Promise<void>;
  readonly answer: (caller: string, requestId: string, body: unknown) => Promise<unknown>;
  readonly requestStatus: (caller: Caller, requestId: string) => Promise<unknown>;
}

const MAX_DOCUMENT_BYTES = 2 << 20;
const MAX_ANSWER_BYTES = 64 << 10;
const readers = ['bank', 'department', 'gate', 'registrar', 'regulator'] as const;

const id = ({ params }: RouteContext): string => parseDocument(hex32, params['id'], 'path');

async function jsonBody(context: RouteContext, document: string): Promise<unknown> {
  return parseJson(z.unknown(), Buffer.from(await context.body()).toString('utf8'), document);
}

export function requestRoutes(parts: RequestRouteParts): Route[] {
  const fromBank = { roles: ['bank'] } as const;
  return [
    {
      ...fromBank,
      method: 'post',
      path: '/v1/requests',
      maxBodyBytes: MAX_DOCUMENT_BYTES,
      answer: async (context) => ({
        json: await parts.request(context.caller.org, await jsonBody(context, 'request')),
      }),
    },
    {
      method: 'get',
      path: '/v1/requests/:id',
      roles: readers,
      maxBodyBytes: 0,
      answer: async (context) => ({ json: await parts.requestStatus(context.caller, id(context)) }),
    },
    {
      ...fromBank,
      method: 'put',
      path: '/v1/requests/:id/model',
      limit: 'transfer',
      maxBodyBytes: MAX_MODEL_BYTES,
      answer: async (context) => {
        await parts.model(context.caller.org, id(context), context.bodyInto);
        return { json: { stored: true } };
      },
    },
    {
      ...fromBank,
      method: 'put',
      path: '/v1/requests/:id/attachments/:sha256',
      limit: 'transfer',
      maxBodyBytes: MAX_ATTACHMENT_BYTES,
      answer: async (context) => {
        const sha256 = parseDocument(hex32, context.params['sha256'], 'path');
        await parts.attachment(context.caller.org, id(context), sha256, context.bodyInto);
        return { json: { stored: true } };
      },
    },
    {
      ...fromBank,
      method: 'post',
      path: '/v1/requests/:id/answers',
      maxBodyBytes: MAX_ANSWER_BYTES,
      answer: async (context) => ({
        json: await parts.answer(context.caller.org, id(context), await jsonBody(context, 'answer')),
      }),
    },
  ];
}
