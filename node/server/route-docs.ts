/** What each route of members takes and gives, for the OpenAPI description; a route may carry its own instead. */
import { needSchema, needStatusSchema } from '@sealedger/protocol/catalogue/need.ts';
import { searchAnswerSchema, searchQuerySchema } from '@sealedger/protocol/catalogue/search.ts';
import { announcementSchema } from '@sealedger/protocol/computation.ts';
import { datasetListingSchema } from '@sealedger/protocol/dataset.ts';
import { signedCheckpointSchema } from '@sealedger/protocol/evidence/checkpoint.ts';
import {
  consistencyAnswerSchema,
  inclusionAnswerSchema,
  logPageSchema,
} from '@sealedger/protocol/evidence/log-answers.ts';
import { nodeStatusSchema } from '@sealedger/protocol/node-status.ts';
import { requestDeliverySchema } from '@sealedger/protocol/request.ts';
import { answerDeliverySchema, questionSchema, requestStatusSchema } from '@sealedger/protocol/request-status.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

export interface RouteDocs {
  readonly summary: string;
  readonly query?: Readonly<Record<string, z.ZodType>>;
  readonly request?: z.ZodType | 'bytes';
  readonly response: z.ZodType | 'bytes';
}

const index = z.int().min(0);
const signed = <S extends z.ZodType>(body: S) =>
  z.looseObject({ domain: z.string(), signer: z.string(), keyEpoch: z.int(), body, signature: z.string() });
/** Size of the node's log up to which the reader has verified it: a consistency proof from there goes in. */
const sinceSize = { since: z.int().min(1).optional() };
/** A bundle is described where it is checked: protocol/evidence/bundle-file.ts and docs of the verifier. */
const bundle = z.looseObject({}).describe('Evidence bundle; verify it with `sealedger verify`.');

/** By `method path`. */
export const routeDocs: Readonly<Record<string, RouteDocs>> = {
  'get /v1/datasets': { summary: 'Dataset versions that this node publishes', response: z.array(datasetListingSchema) },
  'get /v1/status': { summary: 'How this node is: log, anchoring, chain, alerts', response: nodeStatusSchema },
  'get /v1/catalogue/search': {
    summary: 'Searches this node’s catalogue',
    query: searchQuerySchema.shape,
    response: searchAnswerSchema,
  },
  'get /v1/needs': { summary: 'The caller’s data needs and what became of them', response: z.array(needStatusSchema) },
  'get /v1/needs/:id': { summary: 'One of the caller’s data needs', response: needStatusSchema },
  'post /v1/needs': {
    summary: 'Files a need for data that no catalogue covers',
    request: signed(needSchema),
    response: needStatusSchema,
  },
  'get /v1/registers/:id/key': { summary: 'Key of a register version, sealed for the caller', response: 'bytes' },
  'get /v1/registers/:id/tags': { summary: 'Tags of a register version', response: 'bytes' },
  'get /v1/registers/:id/subjects': {
    summary: 'Identifiers of a register version, sealed for a gate',
    response: 'bytes',
  },
  'post /v1/requests': {
    summary: 'Delivers a request that stands on chain',
    request: requestDeliverySchema,
    response: z.strictObject({ requestId: hex32, decision: z.enum(['pending', 'approved', 'rejected', 'none']) }),
  },
  'get /v1/requests/:id': {
    summary: 'How a request stands here: decision and grant, questions, deadlines, what has not arrived',
    response: requestStatusSchema,
  },
  'put /v1/requests/:id/attachments/:sha256': {
    summary: 'Delivers an attachment that the request declares',
    request: 'bytes',
    response: z.strictObject({ stored: z.literal(true) }),
  },
  'post /v1/requests/:id/answers': {
    summary: 'Answers a question that this node’s people asked',
    request: answerDeliverySchema,
    response: questionSchema,
  },
  'put /v1/requests/:id/model': {
    summary: 'Delivers the sealed model of a request',
    request: 'bytes',
    response: z.strictObject({ stored: z.literal(true) }),
  },
  'post /v1/computations': {
    summary: 'Asks for this participant’s announcement of an attempt',
    request: z.strictObject({ requestId: hex32, attempt: z.int().positive() }),
    response: signed(announcementSchema),
  },
  'post /v1/computations/:id/start': {
    summary: 'Starts a computation with the announcements of all participants',
    request: z.strictObject({ announcements: z.array(signed(announcementSchema)).min(1).max(32) }),
    response: z.looseObject({}),
  },
  'get /v1/computations/:id': { summary: 'How far a computation is', response: z.looseObject({}) },
  'get /v1/computations/:id/chunks/:chunk': { summary: 'One chunk of a participant’s part', response: 'bytes' },
  'post /v1/unlockings': { summary: 'Evaluates blinded elements, metered', request: 'bytes', response: 'bytes' },
  'get /v1/requests/:id/lanes/:lane': { summary: 'Head of a lane of unlockings', response: z.looseObject({}) },
  'post /v1/requests/:id/results': {
    summary: 'Logs that the requester committed to a batch of results',
    request: z.strictObject({ batch: z.int().positive() }),
    response: z.strictObject({ logged: z.literal(true) }),
  },
  'get /v1/evidence/requests/:id': { summary: 'Evidence bundle of a request', query: sinceSize, response: bundle },
  'get /v1/evidence/requests/:id/batches/:org/:batch': {
    summary: 'Evidence bundle of a batch',
    query: sinceSize,
    response: bundle,
  },
  'get /v1/evidence/versions/:id': {
    summary: 'Evidence bundle of a dataset version',
    query: sinceSize,
    response: bundle,
  },
  'get /v1/log/checkpoint': {
    summary: 'The signed checkpoint of the log, the newest or of a size',
    query: { size: index.optional() },
    response: signedCheckpointSchema,
  },
  'get /v1/log/consistency': {
    summary: 'Proof that one log is the beginning of another',
    query: { from: index, to: index },
    response: consistencyAnswerSchema,
  },
  'get /v1/log/inclusion': {
    summary: 'Proof that an event is in the log',
    query: { index, size: index },
    response: inclusionAnswerSchema,
  },
  'get /v1/log/entries': {
    summary: 'Events of the log; what the caller may not see is withheld',
    query: { start: index, end: index },
    response: logPageSchema,
  },
};
