/**
 * The operator's channel: commands for a running node, on a loopback listener of its own.
 *
 * Parties: the organisation's own operator, who can read the node's data directory; nobody else. The token proves that,
 * not who of the people types: a command that a person answers for takes that person's id beside its input.
 * Trust: a page in the operator's browser is the likely attacker, so a foreign Host (DNS rebinding), any Origin and any
 * content type but JSON are refused before the token is looked at, and nothing here listens on another interface.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ErrorDetails, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@sealedger/protocol/problem.ts';
import { parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Logger } from '../ports.ts';
import { statusOf } from './problem.ts';

/** A line of progress: a text of the catalogue, so that each reader gets it in their language. */
export interface AdminProgress {
  readonly code: ErrorCode;
  readonly details?: ErrorDetails;
}

export interface AdminContext {
  /** Id of the person who answers for the command; null where none was named. */
  readonly actor: string | null;
  progress(line: AdminProgress): void;
  /** Aborted when the caller goes away; a command that can stop half way should. */
  readonly signal: AbortSignal;
}

/** What a caller must know of a command. `I` and `O` are strict zod schemas. */
export interface AdminContract<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  /** Area and verb: `dataset.publish`. */
  readonly name: string;
  /** One line on what it does. */
  readonly summary: ErrorCode;
  readonly input: I;
  readonly output: O;
}

/** A command with its work. */
export interface AdminCommand<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType>
  extends AdminContract<I, O> {
  /** Called with the parsed input. @throws {ProtocolError} for what the caller is told. */
  run(input: z.output<I>, context: AdminContext): Promise<z.input<O>>;
}

/** Joins a contract and its work; infers the types of both. */
export function adminCommand<I extends z.ZodType, O extends z.ZodType>(
  contract: AdminContract<I, O>,
  run: AdminCommand<I, O>['run'],
): AdminCommand<I, O> {
  return { ...contract, run };
}

/** What a caller sends: the person who answers for it, and the command's input. */
export const adminCallSchema = z.strictObject({
  actor: z.string().min(1).max(64).nullable(),
  input: z.unknown(),
});

export interface AdminParts {
  readonly commands: readonly AdminCommand[];
  readonly log: Logger;
  /** 32 random bytes in hex; the caller sends it as a bearer token. */
  readonly token: string;
  /** Documents that a GET answers, by path; each call builds it anew. */
  readonly documents?: Readonly<Record<string, () => unknown>>;
}

export interface AdminServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const MAX_BODY_BYTES = 4 << 20;
const MAX_RUNNING = 16;
/** A blank line now and then, so that no side takes a long command for a dead one. */
const HEARTBEAT_MS = 10_000;
export const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

/** Starts the listener on a free loopback port. @throws {ProtocolError} ADMIN_COMMAND_TWICE where two commands have one name. */
export async function startAdminServer(parts: AdminParts): Promise<AdminServer> {
  const names = parts.commands.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ProtocolError('ADMIN_COMMAND_TWICE', { command: twice });
  let host = '';
  const server = createServer(createAdminApp(parts, () => host));
  server.headersTimeout = 5000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => resolve());
  });
  host = `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createAdminApp(parts: AdminParts, host: () => string): Express {
  const byName = new Map(parts.commands.map((command) => [command.name, command]));
  let running = 0;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const guarded = (work: (request: Request, response: Response) => Promise<void>) => {
    return (request: Request, response: Response): void => {
      void answered(parts, response, async () => {
        assertOperator(request, host(), parts.token);
        await work(request, response);
      });
    };
  };
  app.post(
    '/admin/v1/:command',
    guarded(async (request, response) => {
      const name = String(request.params['command']);
      const command = byName.get(name);
      if (command === undefined) throw new ProtocolError('ADMIN_COMMAND_UNKNOWN', { command: name.slice(0, 64) });
      if (running >= MAX_RUNNING) throw new ProtocolError('ADMIN_BUSY', { running });
      running += 1;
      try {
        await runCommand(parts, command, request, response);
      } finally {
        running -= 1;
      }
    }),
  );
  for (const [path, document] of Object.entries(parts.documents ?? {})) {
    app.get(
      path,
      guarded(async (_request, response) => void response.json(document())),
    );
  }
  app.use(guarded(() => Promise.reject(new ProtocolError('ROUTE_UNKNOWN', {}))));
  return app;
}

/** @throws {ProtocolError} ADMIN_CALLER, ADMIN_TOKEN */
function assertOperator(request: Request, host: string, token: string): void {
  if (request.headers.host !== host) throw new ProtocolError('ADMIN_CALLER', { field: 'Host' });
  if (request.headers.origin !== undefined) throw new ProtocolError('ADMIN_CALLER', { field: 'Origin' });
  if (!isBearer(request.headers.authorization, token)) throw new ProtocolError('ADMIN_TOKEN', {});
}

/** Digests are compared, so that neither length nor content of the token shows in the time. */
function isBearer(header: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}

async function readBody(request: Request): Promise<string> {
  const { 'content-type': type, 'content-encoding': encoding, 'content-length': declared } = request.headers;
  if (encoding !== undefined) throw new ProtocolError('BODY_ENCODED', {});
  if (type !== 'application/json') throw new ProtocolError('ADMIN_CALLER', { field: 'Content-Type' });
  if (Number(declared ?? 0) > MAX_BODY_BYTES) throw tooLarge(Number(declared));
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw tooLarge(size);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function tooLarge(declaredBytes: number): ProtocolError {
  return new ProtocolError('BODY_TOO_LARGE', { declaredBytes, limitBytes: MAX_BODY_BYTES });
}

/** Refuses with a status until the command's input is good; from then on everything is a line of the answer. */
async function runCommand(
  { log }: AdminParts,
  command: AdminCommand,
  request: Request,
  response: Response,
): Promise<void> {
  const { actor, input } = parseJson(adminCallSchema, await readBody(request), 'admin call');
  const parsed = parseDocument(command.input, input, command.name);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.status(200).type(NDJSON_MEDIA_TYPE).flushHeaders();
  const heartbeat = setInterval(() => response.write('\n'), HEARTBEAT_MS);
  const line = (value: unknown): void => void response.write(`${JSON.stringify(value)}\n`);
  try {
    const progress = (step: AdminProgress): void => line({ progress: { details: {}, ...step } });
    const result = await command.run(parsed, { actor, progress, signal: gone.signal });
    line({ result: parseDocument(command.output, result, `${command.name} result`) });
    log.info('admin command', { command: command.name });
  } catch (error) {
    line({ problem: problemFor(log, command.name, error) });
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

async function answered({ log }: AdminParts, response: Response, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const problem = problemFor(log, 'admin', error);
    // What was not read of a refused body is not waited for.
    response.status(problem.status).set('connection', 'close').type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
  }
}

function problemFor(log: Logger, command: string, error: unknown) {
  if (error instanceof ProtocolError) {
    log.info('admin refused', { command, code: error.code });
    return problemOf(error, statusOf(error.code));
  }
  log.error('admin failed', { command }, error);
  const internal = new ProtocolError('INTERNAL', {});
  return problemOf(internal, statusOf(internal.code));
}
