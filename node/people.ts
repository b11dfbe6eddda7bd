/**
 * The people of an organisation who act at its node: what each may do, and when a second one must agree.
 *
 * The node's operator configures them; a person's id never leaves the organisation. What others see of one is a
 * pseudonym: the same for the same person at this node, and without the node's key nobody's. That a command is a person's
 * node/services/person-gate.ts finds out before it runs; here is what a person may do.
 */
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { hkdf, hmacSha256 } from './crypto.ts';

/** May run the node, look after data, decide, look at what others did. */
export const PERSON_ROLES = ['operator', 'steward', 'approver', 'auditor'] as const;
export type PersonRole = (typeof PERSON_ROLES)[number];

export const personId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'an id of a person is 1 to 64 of a-z 0-9 . _ -');
const personFields = {
  id: personId,
  roles: z.array(z.enum(PERSON_ROLES)).min(1).max(PERSON_ROLES.length),
};

/** Argon2id in libsodium's form: 19 MiB to 1 GiB, one lane, salt of 16 and hash of 32 bytes. */
const passwordHash = z
  .string()
  .regex(/^\$argon2id\$v=19\$m=[0-9]{5,7},t=[0-9]{1,2},p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/, 'a password hash')
  .refine((text) => passwordCost(text).memoryKib >= 19_456 && passwordCost(text).memoryKib <= 1_048_576, 'its memory')
  .refine((text) => passwordCost(text).operations >= 1 && passwordCost(text).operations <= 16, 'its operations');

/** Who acts here, and how a command shows that it is this person's: by a password or by a signature. */
export const personSchema = z.union([
  z.strictObject({ ...personFields, password: passwordHash }),
  /** Ed25519 public key. */
  z.strictObject({ ...personFields, key: hex32 }),
]);
export type ConfiguredPerson = z.output<typeof personSchema>;

/** A person without what proves it. */
export interface Person {
  readonly id: string;
  readonly roles: readonly PersonRole[];
}

/** What a hash of a password costs to try. @param hash - as `passwordHash` describes it. */
export function passwordCost(hash: string): { readonly memoryKib: number; readonly operations: number } {
  const [, memory, operations] = /m=([0-9]+),t=([0-9]+)/.exec(hash) ?? [];
  return { memoryKib: Number(memory), operations: Number(operations) };
}

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
  if (id === null) throw new ProtocolError('PERSON_MISSING', { needed: roles.join(' | ') });
  const person = people.find((candidate) => candidate.id === id);
  if (person === undefined) throw new ProtocolError('PERSON_UNKNOWN', {});
  assertRole(person, roles);
  return person;
}

/** Id of a person; null where there is none. */
export function idOf(person: Person | null): string | null {
  return person === null ? null : person.id;
}

/** @throws {ProtocolError} PERSON_ROLE where the person has none of the roles. */
export function assertRole(person: Pick<Person, 'roles'>, roles: readonly PersonRole[]): void {
  if (!roles.some((role) => person.roles.includes(role))) {
    throw new ProtocolError('PERSON_ROLE', { needed: roles.join(' | ') });
  }
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
