/** Words of the member commands, at a bank's or regulator's command line and at a node's: what they mean is one thing. */
import { ProtocolError } from '../errors.ts';
import { parseDocument, parseJson } from '../schema.ts';
import { admissionSchema, type ProposalInput, proposalInputSchema, publicKeysSchema } from './views.ts';

/**
 * What is proposed: `admit`, `keys ORG`, `roles ORG ROLE,…`, `suspend ORG`, `reinstate ORG`.
 * @param wordAt - the n-th word; throws where it is missing, with this name of it.
 * @param readFile - the text of the file that goes with an admission or with keys.
 * @throws {ProtocolError} ARGUMENT_INVALID, SCHEMA_MISMATCH
 */
export async function proposalFrom(
  wordAt: (index: number, name: string) => string,
  readFile: () => Promise<string>,
): Promise<ProposalInput> {
  const kind = wordAt(0, 'admit | suspend | reinstate | roles | keys');
  if (kind === 'admit') return { kind, admission: parseJson(admissionSchema, await readFile(), 'admission') };
  const org = wordAt(1, 'ORG');
  if (kind === 'keys') {
    const keys = parseJson(publicKeysSchema, await readFile(), 'keys');
    return parseDocument(proposalInputSchema, { kind: 'set-keys', org, keys }, 'proposal');
  }
  if (kind === 'roles') {
    const roles = wordAt(2, 'ROLE,…').split(',');
    return parseDocument(proposalInputSchema, { kind: 'set-roles', org, roles }, 'proposal');
  }
  return parseDocument(proposalInputSchema, { kind, org }, 'proposal');
}

/** How a vote goes; both flags or none are no vote. @throws {ProtocolError} ARGUMENT_INVALID */
export function supportFrom(given: { readonly for: boolean; readonly against: boolean }): 'for' | 'against' {
  if (given.for !== given.against) return given.for ? 'for' : 'against';
  throw new ProtocolError('ARGUMENT_INVALID', { argument: 'vote', reason: '--for | --against' });
}

/** @throws {ProtocolError} ARGUMENT_INVALID */
export function proposalIdFrom(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new ProtocolError('ARGUMENT_INVALID', { argument: 'ID', reason: 'a whole number from 1' });
}
