/**
 * The operator's channel: commands for a running node, on a loopback listener of its own.
 *
 * Parties: the organisation's own people, who can read the node's data directory; nobody else. The token proves that, not
 * who of the people types: a command that a person answers for takes that person's password or signature beside its input,
 * which the gate (node/services/person-gate.ts) proves before anything runs.
 * Trust: a page in the operator's browser is the likely attacker, so a foreign Host (DNS rebinding), any Origin and any
 * content type but JSON are refused before the token is looked at, and nothing here listens on another interface.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ErrorDetails, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@sealedger/protocol/problem.ts';
import { hex32, parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Person, PersonRole } from '../people.ts';
import type { Logger } from '../ports.ts';
import { statusOf } from './problem.ts';

/** A line of progress: a text of the catalogue, so that each reader gets it in their language. */
export interface AdminProgress {
  readonly code: ErrorCode;
  readonly details?: ErrorDetails;
}

export interface AdminContext {
  /** Pseudonym of the person who gave the command, as events have it; null where none was named. */
  readonly actor: string | null;
  /** That person, who was proved to be it; never null where the command names roles. */
  readonly person: Person | null;
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
  /** Of which a person must have one to give this command; absent where the token alone suffices, for what changes nothing. */
  readonly roles?: readonly PersonRole[];
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

const person = z.string().min(1).max(64);
/** What a caller sends: who gives the command and how that is shown, and the command's input. */
export const adminCallSchema = z.strictObject({
  actor: z
    .union([
      z.strictObject({ person, password: z.string().min(1).max(1024) }),
      z.strictObject({
        person,
        proof: z.strictObject({ nonce: hex32, at: z.int().min(0), signature: z.string().regex(/^[0-9a-f]{128}$/) }),
      }),
    ])
    .nullable(),
  input: z.unknown(),
});
export type PersonClaim = NonNullable<z.output<typeof adminCallSchema>['actor']>;

/** A command as it came. */
export interface AdminCall {
  readonly command: string;
  readonly claim: PersonClaim | null;
  readonly input: unknown;
}

/** A person who was proved to be the caller. */
export interface ActingPerson {
  readonly person: Person;
  readonly pseudonym: string;
}

/** Finds out who calls, and logs what each did. */
export interface PersonGate {
  /** @returns null where nobody is named and the command asks for nobody. @throws {ProtocolError} PERSON_…, not PERSON_ROLE */
  authenticate(call: AdminCall, roles: readonly PersonRole[] | undefined): Promise<ActingPerson | null>;
  /** @throws {ProtocolError} PERSON_ROLE */
  authorise(acting: ActingPerson, roles: readonly PersonRole[] | undefined): void;
  /** Logs that a person gave a command and how it ended; durable when it resolves. */
  record(acting: ActingPerson, call: AdminCall, outcome: string): Promise<void>;
}

export interface AdminParts {
  readonly commands: readonly AdminCommand[];
  readonly gate: PersonGate;
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

/** Refuses with a status until caller and input are good; from then on everything is a line of the answer. */
async function runCommand(
  parts: AdminParts,
  command: AdminCommand,
  request: Request,
  response: Response,
): Promise<void> {
  const { actor: claim, input } = parseJson(adminCallSchema, await readBody(request), 'admin call');
  const call: AdminCall = { command: command.name, claim, input };
  const acting = await parts.gate.authenticate(call, command.roles);
  const parsed = await accounted(parts, acting, call, () => {
    if (acting !== null) parts.gate.authorise(acting, command.roles);
    return parseDocument(command.input, input, command.name);
  });
  await runParsed(parts, { command, call, acting, parsed }, response);
}

/** Work that is refused is an act of its person too. */
async function accounted<T>(
  { gate }: AdminParts,
  acting: ActingPerson | null,
  call: AdminCall,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (acting !== null) await gate.record(acting, call, error instanceof ProtocolError ? error.code : 'INTERNAL');
    throw error;
  }
}

interface ParsedCall {
  readonly command: AdminCommand;
  readonly call: AdminCall;
  readonly acting: ActingPerson | null;
  readonly parsed: unknown;
}

async function runParsed(
  parts: AdminParts,
  { command, call, acting, parsed }: ParsedCall,
  response: Response,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.status(200).type(NDJSON_MEDIA_TYPE).flushHeaders();
  const heartbeat = setInterval(() => response.write('\n'), HEARTBEAT_MS);
  const line = (value: unknown): void => void response.write(`${JSON.stringify(value)}\n`);
  const progress = (step: AdminProgress): void => line({ progress: { details: {}, ...step } });
  const context = {
    actor: acting?.pseudonym ?? null,
    person: acting?.person ?? null,
    progress,
    signal: gone.signal,
  };
  try {
    const result = await accounted(parts, acting, call, async () =>
      parseDocument(command.output, await command.run(parsed, context), `${command.name} result`),
    );
    if (acting !== null) await parts.gate.record(acting, call, 'done');
    line({ result });
    parts.log.info('admin command', { command: command.name });
  } catch (error) {
    line({ problem: problemFor(parts.log, command.name, error) });
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
