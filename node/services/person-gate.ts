/**
 * Who of the people a command is from, found out before it runs; and the log of what each did.
 *
 * Trust: the channel's token says that the caller may read the node's data; a password or a signature says who it is.
 * Attackers here are other people of the organisation: whoever is not shown to be somebody gets one answer, in the same
 * time, whether that person exists or not. Wrong passwords make the next attempt wait, also over a restart.
 */
import { randomBytes } from 'node:crypto';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { NOBODYS_HASH, type Passwords } from '../keys/passwords.ts';
import { type PersonProof, verifyPersonCall } from '../keys/person-proof.ts';
import type { Mutex } from '../mutex.ts';
import { assertRole, type ConfiguredPerson, type Person, passwordCost, pseudonym, pseudonymKey } from '../people.ts';
import type { Clock, EventLog, StateStore } from '../ports.ts';
import type { ActingPerson, AdminCall, PersonClaim, PersonGate } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';

export interface PersonGateParts {
  readonly org: string;
  readonly people: readonly ConfiguredPerson[];
  readonly personKey: Uint8Array;
  readonly passwords: Passwords;
  readonly state: StateStore;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly mutex: Mutex;
}

/** What the gate of a node stands on. */
export function personGateParts(parts: NodeParts, passwords: Passwords): PersonGateParts {
  const { config, keys, state, events, clock, mutex } = parts;
  const { org, people } = config;
  return { org, people, personKey: pseudonymKey(keys.seed), passwords, state, events, clock, mutex };
}

/** How far a signature's time may be from this node's. */
const PROOF_MS = 60_000;
/** So many wrong passwords in a row cost nothing but their time. */
const FREE_FAILURES = 4;
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 900_000;
/** After so long without an attempt the count begins anew. */
const FORGET_MS = 86_400_000;
/** Verifies nothing; its secret is nobody's. */
const NOBODYS_KEY = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 32);

const failureKey = (slot: string): string => `person-failures/${slot}`;
const NONCES = 'person-nonce/';
const ACTS = 'person-act/';
/** Where the people of this and of earlier configurations stand by their pseudonym, for an auditor. */
const KNOWN_PEOPLE = 'person-known/';

interface Failures {
  readonly count: number;
  /** Milliseconds since the epoch of the last one. */
  readonly at: number;
}

/** Opens the gate and remembers the pseudonyms of who is configured now. */
export async function openPersonGate(parts: PersonGateParts): Promise<PersonGate> {
  const { people, personKey, state } = parts;
  await state.write(
    people.map(({ id }) => ({ type: 'put', key: `${KNOWN_PEOPLE}${pseudonym(personKey, id)}`, value: { id } })),
  );
  const find = (id: string): ConfiguredPerson | undefined => people.find((candidate) => candidate.id === id);
  return {
    authenticate: async (call, roles) => {
      const { claim } = call;
      if (claim === null) {
        if (roles === undefined) return null;
        throw new ProtocolError('PERSON_MISSING', { needed: roles.join(' | ') });
      }
      const person = find(claim.person);
      if ('password' in claim) await provePassword(parts, person, claim);
      else await proveSignature(parts, person, call, claim);
      if (person === undefined) throw new ProtocolError('PERSON_REFUSED', {});
      return { person, pseudonym: pseudonym(personKey, person.id) };
    },
    authorise: ({ person }, roles) => {
      if (roles !== undefined) assertRole(person, roles);
    },
    record: (acting, call, outcome) => recordAct(parts, acting, call, outcome),
  };
}

/** What a person did here, as the node keeps it beside the event. */
export interface RecordedAct {
  /** RFC 3339. */
  readonly at: string;
  readonly actor: string;
  readonly command: string;
  readonly outcome: string;
  readonly requestId: string | null;
}

async function recordAct(
  { events, clock }: PersonGateParts,
  { pseudonym: actor }: ActingPerson,
  { command, input }: AdminCall,
  outcome: string,
): Promise<void> {
  const named = typeof input === 'object' && input !== null && 'requestId' in input ? input.requestId : undefined;
  const { data: requestId = null } = hex32.safeParse(named);
  const id = randomBytes(16).toString('hex');
  const act: RecordedAct = { at: new Date(clock.now()).toISOString(), actor, command, outcome, requestId };
  await events.append(
    'act',
    { actor, command, outcome, ...(requestId === null ? {} : { requestId }) },
    { id: `act/${id}`, operations: [{ type: 'put', key: `${ACTS}${act.at}/${id}`, value: act }] },
  );
}

/** All acts, oldest first. */
export async function recordedActs(state: StateStore): Promise<readonly RecordedAct[]> {
  return (await state.list<RecordedAct>(ACTS)).map(([, act]) => act);
}

/** Counts before it verifies, so that attempts in parallel gain nothing. @throws {ProtocolError} PERSON_REFUSED, PERSON_BACKOFF */
async function provePassword(
  parts: PersonGateParts,
  person: ConfiguredPerson | undefined,
  { person: id, password }: Extract<PersonClaim, { password: string }>,
): Promise<void> {
  const { state, clock, mutex, passwords, personKey, people } = parts;
  const slot = slotOf(pseudonym(personKey, id), person);
  await mutex.run(failureKey(slot), async () => {
    const now = clock.now();
    const stored = await state.get<Failures>(failureKey(slot));
    const failures = stored === undefined || now - stored.at > FORGET_MS ? { count: 0, at: 0 } : stored;
    const waitMs = failures.at + waitAfter(failures.count) - now;
    if (waitMs > 0) throw new ProtocolError('PERSON_BACKOFF', { seconds: Math.ceil(waitMs / 1000) });
    const counted = { type: 'put', key: failureKey(slot), value: { count: failures.count + 1, at: now } } as const;
    await state.write([counted]);
    const hash = person !== undefined && 'password' in person ? person.password : null;
    const holds = await passwords.verify(password, hash ?? dearestHash(people));
    if (hash === null || !holds) throw new ProtocolError('PERSON_REFUSED', {});
    await state.write([{ type: 'del', key: failureKey(slot) }]);
  });
}

/** Ids that nobody has share slots, so that guessing them fills no disk and looks like guessing passwords. */
function slotOf(name: string, person: Person | undefined): string {
  return person === undefined ? `nobody/${name.slice(0, 3)}` : name;
}

function waitAfter(count: number): number {
  return count <= FREE_FAILURES ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - FREE_FAILURES - 1), LONGEST_WAIT_MS);
}

/** What nobody's password is verified against costs what the dearest of the people's costs. */
function dearestHash(people: readonly ConfiguredPerson[]): string {
  const costs = people.flatMap((person) => ('password' in person ? [passwordCost(person.password)] : []));
  const dearest = costs.sort((a, b) => b.memoryKib * b.operations - a.memoryKib * a.operations)[0];
  if (dearest === undefined) return NOBODYS_HASH;
  return NOBODYS_HASH.replace('m=65536,t=2', `m=${dearest.memoryKib},t=${dearest.operations}`);
}

/** @throws {ProtocolError} PERSON_PROOF_TIME, PERSON_REFUSED, PERSON_PROOF_USED */
async function proveSignature(
  parts: PersonGateParts,
  person: ConfiguredPerson | undefined,
  { command, input }: AdminCall,
  { person: id, proof }: Extract<PersonClaim, { proof: PersonProof }>,
): Promise<void> {
  const distance = Math.abs(parts.clock.now() - proof.at);
  if (distance > PROOF_MS) throw new ProtocolError('PERSON_PROOF_TIME', { seconds: Math.round(distance / 1000) });
  const key = person !== undefined && 'key' in person ? fromHex(person.key, 32) : null;
  const holds = verifyPersonCall({ org: parts.org, person: id, command, input }, proof, key ?? NOBODYS_KEY);
  if (key === null || !holds) throw new ProtocolError('PERSON_REFUSED', {});
  await useNonce(parts, proof);
}

/** Takes a nonce once, also over a restart; those whose time is over are forgotten. @throws {ProtocolError} PERSON_PROOF_USED */
async function useNonce({ state, clock, mutex }: PersonGateParts, { nonce, at }: PersonProof): Promise<void> {
  await mutex.run(NONCES, async () => {
    const used = await state.list<number>(NONCES);
    if (used.some(([key]) => key === `${NONCES}${nonce}`)) throw new ProtocolError('PERSON_PROOF_USED', {});
    const over = used.filter(([, usedAt]) => Math.abs(clock.now() - usedAt) > PROOF_MS).map(([key]) => key);
    await state.write([
      ...over.map((key) => ({ type: 'del', key }) as const),
      { type: 'put', key: `${NONCES}${nonce}`, value: at },
    ]);
  });
}

/** Ids by pseudonym, of this and of earlier configurations. */
export async function knownPeople(state: StateStore): Promise<ReadonlyMap<string, string>> {
  const known = await state.list<{ readonly id: string }>(KNOWN_PEOPLE);
  return new Map(known.map(([key, { id }]) => [key.slice(KNOWN_PEOPLE.length), id]));
}
