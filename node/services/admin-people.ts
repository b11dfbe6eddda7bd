/** What the operator's channel takes about people: who they are, and for an auditor what each did here. */
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { PERSON_ROLES, personId, pseudonym, pseudonymKey } from '../people.ts';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';
import { knownPeople, recordedActs } from './person-gate.ts';

const MAX_ACTS = 10_000;

/** The contracts, for the command line. */
export const peopleContracts = {
  list: {
    name: 'person.list',
    summary: 'ADMIN_PERSON_LIST',
    roles: ['operator', 'auditor'],
    input: z.strictObject({}),
    output: z.strictObject({
      people: z.array(
        z.strictObject({
          id: personId,
          roles: z.array(z.enum(PERSON_ROLES)),
          proof: z.enum(['password', 'key']),
          /** As events have it. */
          pseudonym: hex32,
        }),
      ),
    }),
  },
  log: {
    name: 'person.log',
    summary: 'ADMIN_PERSON_LOG',
    roles: ['auditor'],
    input: z.strictObject({
      person: personId.optional(),
      /** The latest so many. */
      last: z.int().min(1).max(MAX_ACTS).default(100),
    }),
    output: z.strictObject({
      acts: z.array(
        z.strictObject({
          at: z.iso.datetime(),
          /** Null where no configuration that this node ever had named the person. */
          person: personId.nullable(),
          actor: hex32,
          command: z.string(),
          outcome: z.string(),
          requestId: hex32.nullable(),
        }),
      ),
    }),
  },
} as const;

/** The commands of a running node. */
export function adminPeople({ config, keys, state }: NodeParts): readonly AdminCommand[] {
  const personKey = pseudonymKey(keys.seed);
  const { list, log } = peopleContracts;
  return [
    adminCommand(list, async () => ({
      people: config.people.map((person) => ({
        id: person.id,
        roles: [...person.roles],
        proof: 'password' in person ? ('password' as const) : ('key' as const),
        pseudonym: pseudonym(personKey, person.id),
      })),
    })),
    adminCommand(log, async ({ person, last }) => {
      const known = await knownPeople(state);
      const wanted = person === undefined ? undefined : pseudonym(personKey, person);
      const acts = (await recordedActs(state)).filter(({ actor }) => wanted === undefined || actor === wanted);
      return { acts: acts.slice(-last).map((act) => ({ ...act, person: known.get(act.actor) ?? null })) };
    }),
  ] as readonly AdminCommand[];
}
