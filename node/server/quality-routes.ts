/** The route by which members follow the quality of a dataset. */
import { qualityHistorySchema } from '@sealedger/protocol/quality-history.ts';
import { hex32, parseDocument } from '@sealedger/protocol/schema.ts';
import type { Route } from './app.ts';

export interface QualityRouteParts {
  /** @param versionId - of any version of the dataset. */
  readonly qualityHistory: (versionId: string) => Promise<unknown>;
}

export function qualityRoutes(parts: QualityRouteParts): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/datasets/:id/quality',
      roles: ['bank', 'regulator', 'department', 'gate', 'registrar'],
      maxBodyBytes: 0,
      docs: {
        summary: 'Scores of a dataset over time, by the id of any of its versions',
        response: qualityHistorySchema,
      },
      answer: async ({ params }) => ({
        json: await parts.qualityHistory(parseDocument(hex32, params['id'], 'path')),
      }),
    },
  ];
}
