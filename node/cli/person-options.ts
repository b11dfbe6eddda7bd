/** Who gives a command of the operator's channel: `--by ID`, and what shows it. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { hex32, parseDocument } from '@sealedger/protocol/schema.ts';
import { readSecret } from '@sealedger/transport/secret-input.ts';
import type { PersonCredential } from './admin-client.ts';

/** Options of every command that a person may answer for. */
export const PERSON_OPTIONS = {
  by: { type: 'string' },
  'password-file': { type: 'string' },
  'password-fd': { type: 'string' },
  'person-key': { type: 'string' },
} as const;

/** What they gave. */
export type PersonValues = { readonly [K in keyof typeof PERSON_OPTIONS]?: string | undefined };

/**
 * Reads what shows that the caller is the person of `--by`; a password that no option names is asked for.
 * @returns undefined where nobody is named.
 * @throws {ProtocolError} PERSON_PROOF_MISSING, ARGUMENT_INVALID, SECRET_FILE_MODE, SECRET_UNREADABLE, SCHEMA_MISMATCH
 */
export async function readPerson(values: PersonValues, locale: Locale): Promise<PersonCredential | undefined> {
  const { by: id, 'password-file': file, 'password-fd': fd, 'person-key': key } = values;
  const given = [file, fd, key].filter((value) => value !== undefined);
  if (given.length > 1 || (id === undefined && given.length > 0)) {
    throw new ProtocolError('ARGUMENT_INVALID', {
      argument: '--by',
      reason: 'with one of --password-file, --password-fd, --person-key',
    });
  }
  if (id === undefined) return undefined;
  const question = messageFor('PERSON_PASSWORD_ASK', { person: id }, locale);
  if (key === undefined) return { id, password: await readSecret({ file, fd }, question, 'PERSON_PROOF_MISSING') };
  return { id, secret: await readPersonKey(key) };
}

/** The private key in a file that `person keygen` made. */
async function readPersonKey(file: string): Promise<Uint8Array> {
  const text = await readSecret({ file }, '', 'PERSON_PROOF_MISSING');
  return fromHex(parseDocument(hex32, text, '--person-key'), 32);
}
