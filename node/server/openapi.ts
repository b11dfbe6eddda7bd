/**
 * The OpenAPI 3.1 description of a node: every route of members and every command of its operator, from the zod schemas
 * by which they are checked.
 *
 * Source: OpenAPI 3.1.1; JSON Schema 2020-12; RFC 9421 (signatures), RFC 9457 (problems).
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { PROBLEM_MEDIA_TYPE } from '@sealedger/protocol/problem.ts';
import { hex32, organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type AdminContract, adminCallSchema, NDJSON_MEDIA_TYPE } from './admin.ts';
import type { Route } from './app.ts';
import { type RouteDocs, routeDocs } from './route-docs.ts';

export type JsonObject = { readonly [name: string]: unknown };

const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
const progressSchema = z.strictObject({ code: z.string(), details: z.record(z.string(), z.unknown()) });
const ordinal = z.int().min(0);
/** Parameters in paths mean the same in every route. */
const PATH_PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  id: hex32,
  org: organisationId,
  chunk: ordinal,
  lane: ordinal,
  batch: ordinal,
  sha256: hex32,
  rest: z.string().describe('Path at the node behind the relay, from its v1 on'),
};
const BINARY = 'application/octet-stream';
const JSON_TYPE = 'application/json';
const PROBLEM = { $ref: '#/components/schemas/Problem' };

/** What a description is made of. */
export interface OpenApiParts {
  readonly org: string;
  readonly version: string;
  /** Where members reach the node, and where its operator does. */
  readonly endpoint: string;
  readonly adminUrl: string;
  readonly routes: readonly Route[];
  readonly commands: readonly AdminContract[];
}

/** @throws {ProtocolError} ROUTE_UNDESCRIBED where a route has no description. */
export function openApiDocument({ org, version, endpoint, adminUrl, routes, commands }: OpenApiParts): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/[:*](\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: memberOperation(route) };
  }
  for (const command of commands) {
    paths[`/admin/v1/${command.name}`] = { servers: [{ url: adminUrl }], post: adminOperation(command) };
  }
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: { title: `Sealedger node of ${org}`, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: endpoint, description: 'members of the consortium, signed' }],
    paths,
    components: { schemas: { Problem: schemaOf(problemSchema, 'output') }, securitySchemes },
  };
}

const securitySchemes = {
  memberSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description:
      'RFC 9421 signature over method, target URI, content digest, nonce and times, with the Ed25519 key that the chain ' +
      'shows for the organisation; see Signature-Input and Content-Digest. Answers are signed too.',
  },
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of admin.json in the data directory; loopback only.',
  },
} as const;

function memberOperation(route: Route): JsonObject {
  const docs = route.docs ?? routeDocs[`${route.method} ${route.path}`];
  if (docs === undefined) throw new ProtocolError('ROUTE_UNDESCRIBED', { route: `${route.method} ${route.path}` });
  return {
    operationId: operationId(route.method, route.path),
    summary: docs.summary,
    description: `Roles: ${route.roles.join(', ')}.`,
    security: [{ memberSignature: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(docs)],
    ...(docs.request === undefined ? {} : { requestBody: bodyOf(docs.request, route.maxBodyBytes) }),
    responses: { 200: { description: 'done', content: contentOf(docs.response, 'output') }, default: refusal },
  };
}

const refusal = {
  description: 'refused, with a code of the message catalogue',
  content: { [PROBLEM_MEDIA_TYPE]: { schema: PROBLEM } },
};

const ACTOR = schemaOf(adminCallSchema.shape.actor, 'input');

function adminOperation(command: AdminContract): JsonObject {
  const call = {
    type: 'object',
    properties: { actor: ACTOR, input: schemaOf(command.input, 'input') },
    required: ['actor', 'input'],
    additionalProperties: false,
  };
  const line = {
    description: 'One JSON document per line: progress, then the result or a problem.',
    oneOf: [
      lineOf('progress', schemaOf(progressSchema, 'output')),
      lineOf('result', schemaOf(command.output, 'output')),
      lineOf('problem', PROBLEM),
    ],
  };
  return {
    operationId: operationId('admin', command.name),
    summary: messageFor(command.summary, {}, 'en'),
    description: `${messageFor(command.summary, {}, 'zh-CN')}${rolesOf(command)}`,
    security: [{ operatorToken: [] }],
    requestBody: { required: true, content: { [JSON_TYPE]: { schema: call } } },
    responses: { 200: { description: 'runs', content: { [NDJSON_MEDIA_TYPE]: { schema: line } } }, default: refusal },
  };
}

function rolesOf({ roles }: AdminContract): string {
  return roles === undefined ? '' : ` Roles of the person: ${roles.join(', ')}.`;
}

function lineOf(name: string, schema: unknown): JsonObject {
  return { type: 'object', properties: { [name]: schema }, required: [name], additionalProperties: false };
}

function bodyOf(request: z.ZodType | 'bytes', maxBodyBytes: number): JsonObject {
  return { required: true, description: `At most ${maxBodyBytes} bytes.`, content: contentOf(request, 'input') };
}

function contentOf(what: z.ZodType | 'bytes', side: 'input' | 'output'): JsonObject {
  return what === 'bytes' ? { [BINARY]: {} } : { [JSON_TYPE]: { schema: schemaOf(what, side) } };
}

function pathParameters(path: string): JsonObject[] {
  return [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => {
    const schema = PATH_PARAMETERS[name!];
    if (schema === undefined) throw new ProtocolError('ROUTE_UNDESCRIBED', { route: `${path} ${name}` });
    return { name, in: 'path', required: true, schema: schemaOf(schema, 'input') };
  });
}

function queryParameters({ query }: RouteDocs): JsonObject[] {
  return Object.entries(query ?? {}).map(([name, schema]) => {
    const required = !schema.safeParse(undefined).success;
    return { name, in: 'query', required, schema: schemaOf(schema, 'input') };
  });
}

/** JSON Schema of a zod schema, without the dialect that the document names once. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return rest;
}

function operationId(...parts: readonly string[]): string {
  return parts
    .join('/')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '' && word !== 'v1')
    .map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1)))
    .join('');
}
