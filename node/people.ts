/**
 * The people of an organisation who act at its node: what each may do, and when a second one must agree.
 *
 * The node's operator configures them; a person's id never leaves the organisation. What others see of one is a
 * pseudonym: the same for the same person at this node, and without the node's key nobody's.
 */
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { z } from 'zod';
import { hkdf, hmacSha256 } from './crypto.ts';

export const PERSON_ROLES = ['operator', 'steward', 'approver', 'auditor'] as const;
export type PersonRole = (typeof PERSON_ROLES)[number];

export const personSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'an id of a person is 1 to 64 of a-z 0-9 . _ -'),
  roles: z.array(z.enum(PERSON_ROLES)).min(1).max(PERSON_ROLES.length),
});
export type Person = z.output<typeof personSchema>;

export const peopleSchema = z
  .array(personSchema)
  .max(1024)
  .refine((people) => new Set(people.map(({ id }) => id)).size === people.length, 'a person stands here twice');

/**
 * The person who answers for a command.
 * @param id - as the command named one; null where it named none.
 * @param roles - of which the person must have one.
 * @throws {ProtocolError} PERSON_MISSING, PERSON_UNKNOWN, PERSON_ROLE
 */
export function personWith(people: readonly Person[], id: string | null, ...roles: readonly PersonRole[]): Person {
  const needed = roles.join(' | ');
  if (id === null) throw new ProtocolError('PERSON_MISSING', { needed });
  const person = people.find((candidate) => candidate.id === id);
  if (person === undefined) throw new ProtocolError('PERSON_UNKNOWN', {});
  if (!roles.some((role) => person.roles.includes(role))) throw new ProtocolError('PERSON_ROLE', { needed });
  return person;
}

/**
 * The second person, who must be another one than the first.
 * @param firstPseudonym - pseudonym of whoever acted first. @throws {ProtocolError} as personWith; PERSON_SAME
 */
export function secondPersonWith(
  people: readonly Person[],
  id: string | null,
  first: { readonly key: Uint8Array; readonly pseudonym: string },
  ...roles: readonly PersonRole[]
): Person {
  const person = personWith(people, id, ...roles);
  if (pseudonym(first.key, person.id) === first.pseudonym) throw new ProtocolError('PERSON_SAME', {});
  return person;
}

/** The key of a node's pseudonyms, from its seed. */
export function pseudonymKey(seed: Uint8Array): Uint8Array {
  return hkdf(seed, new Uint8Array(0), utf8(domains.person), 32);
}

/** What stands for a person outside of the organisation: 64 hex digits. */
export function pseudonym(key: Uint8Array, id: string): string {
  return toHex(hmacSha256(key, id));
}
