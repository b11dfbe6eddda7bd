/** The route by which regulators tell a gate of their sampling audits of consent. */
import { consentNoticeSchema } from '@sealedger/protocol/consent-audit.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Route } from './app.ts';

/** What the route calls; services/consent.ts fills it in. */
export interface ConsentRouteParts {
  readonly consentNotice: (caller: string, body: unknown) => Promise<unknown>;
}

const MAX_NOTICE_BYTES = 8 << 10;

export function consentRoutes(parts: ConsentRouteParts): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/consent/notices',
      roles: ['regulator'],
      maxBodyBytes: MAX_NOTICE_BYTES,
      docs: {
        summary: 'Tells a gate that a grant’s consents are being audited, or how an audit ended',
        request: z.looseObject({ body: consentNoticeSchema, signature: z.string() }),
        response: z.strictObject({ noted: z.literal(true) }),
      },
      answer: async ({ caller, body }) => {
        const text = Buffer.from(await body()).toString('utf8');
        return { json: await parts.consentNotice(caller.org, parseJson(z.unknown(), text, 'notice')) };
      },
    },
  ];
}
