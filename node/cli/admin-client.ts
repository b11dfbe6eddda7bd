/** Calls a running node over its operator's channel: one command, its progress on stderr, its result or its refusal. */
import { randomBytes } from 'node:crypto';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isErrorCode, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { refusalOf } from '@sealedger/protocol/problem.ts';
import { parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { readConfig } from '../config.ts';
import { type PersonCall, signPersonCall } from '../keys/person-proof.ts';
import type { AdminContract, PersonClaim } from '../server/admin.ts';
import { type AdminFile, readAdminFile } from '../services/admin-file.ts';
import type { CommandIo } from './command.ts';

export interface AdminCallIo extends Pick<CommandIo, 'stderr' | 'locale'> {
  /** The person who gives the command (`--by`), with what shows it. */
  readonly person?: PersonCredential | undefined;
}

/** What a person shows at the command line. */
export type PersonCredential = { readonly id: string } & (
  | { readonly password: string }
  /** Ed25519 seed. */
  | { readonly secret: Uint8Array }
);

const NONCE_BYTES = 32;
const MAX_LINE_BYTES = 64 << 20;
const lineSchema = z.union([
  z.strictObject({ progress: z.strictObject({ code: z.string(), details: z.record(z.string(), z.unknown()) }) }),
  z.strictObject({ result: z.unknown() }),
  z.strictObject({ problem: z.unknown() }),
]);

/**
 * Runs a command in the node of a configuration file.
 * @param contract - the command's name and schemas, as its area exports them.
 * @throws {ProtocolError} ADMIN_NOT_RUNNING, ADMIN_FILE_UNREADABLE, ADMIN_ANSWER_CUT, ADMIN_ANSWER_UNKNOWN, and whatever
 *   the node refuses with.
 */
export async function callAdmin<I extends z.ZodType, O extends z.ZodType>(
  configPath: string,
  contract: AdminContract<I, O>,
  input: z.input<I>,
  io: AdminCallIo,
): Promise<z.output<O>> {
  const { org, dataDir } = await readConfig(configPath);
  const file = await readAdminFile(dataDir);
  if (file === undefined) throw new ProtocolError('ADMIN_NOT_RUNNING', { org, config: configPath });
  const sent = parseJson(z.unknown(), JSON.stringify(input), contract.name);
  const call = { org, command: contract.name, input: sent };
  const body = JSON.stringify({ actor: io.person === undefined ? null : claimOf(call, io.person), input: sent });
  const response = await send(file, contract.name, body, { org, config: configPath });
  if (!response.ok) throw refusalOf(await response.json().catch(() => undefined), response.status, org);
  for await (const line of linesOf(response, contract.name)) {
    const parsed = parseJson(lineSchema, line, `answer to ${contract.name}`);
    if ('result' in parsed) return parseDocument(contract.output, parsed.result, `answer to ${contract.name}`);
    if ('problem' in parsed) throw refusalOf(parsed.problem, response.status, org);
    show(io, parsed.progress);
  }
  throw new ProtocolError('ADMIN_ANSWER_CUT', { command: contract.name });
}

/** The running node's OpenAPI document. @throws {ProtocolError} ADMIN_NOT_RUNNING, ADMIN_FILE_UNREADABLE, ADMIN_TOKEN */
export async function readDescription(configPath: string): Promise<unknown> {
  const { org, dataDir } = await readConfig(configPath);
  const file = await readAdminFile(dataDir);
  if (file === undefined) throw new ProtocolError('ADMIN_NOT_RUNNING', { org, config: configPath });
  const request = new Request(`${file.url}/openapi.json`, { headers: { authorization: `Bearer ${file.token}` } });
  const response = await reach(request, { org, config: configPath });
  if (!response.ok) throw refusalOf(await response.json().catch(() => undefined), response.status, org);
  return response.json();
}

function claimOf(call: Omit<PersonCall, 'person'>, credential: PersonCredential): PersonClaim {
  const { id: person } = credential;
  if ('password' in credential) return { person, password: credential.password };
  const fresh = { nonce: new Uint8Array(randomBytes(NONCE_BYTES)), at: Date.now() };
  return { person, proof: signPersonCall({ ...call, person }, credential.secret, fresh) };
}

async function send({ url, token }: AdminFile, command: string, body: string, where: Where): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return reach(new Request(`${url}/admin/v1/${command}`, { method: 'POST', headers, body }), where);
}

interface Where {
  readonly org: string;
  readonly config: string;
}

async function reach(request: Request, { org, config }: Where): Promise<Response> {
  try {
    return await fetch(request, { redirect: 'error' });
  } catch (cause) {
    // A node that was killed leaves its file behind.
    throw new ProtocolError('ADMIN_NOT_RUNNING', { org, config }, { cause });
  }
}

/** The lines of an answer; blank ones only keep the line open. */
async function* linesOf(response: Response, command: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const part of response.body ?? []) {
      rest += decoder.decode(part, { stream: true });
      if (rest.length > MAX_LINE_BYTES) throw new ProtocolError('ADMIN_ANSWER_UNKNOWN', { command });
      const lines = rest.split('\n');
      rest = lines.pop()!;
      yield* lines.filter((line) => line !== '');
    }
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('ADMIN_ANSWER_CUT', { command }, { cause });
  }
}

function show(io: AdminCallIo, { code, details }: { readonly code: string; readonly details: object }): void {
  const text = isErrorCode(code) ? messageFor(code, details as Readonly<Record<string, unknown>>, io.locale) : code;
  io.stderr(`${text}\n`);
}
