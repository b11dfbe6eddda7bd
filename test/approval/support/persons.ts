/** Persons who decide over a fake chain; the last lines of their reasons are looked for where they must not be. */
import type { DecideParts, Deciding } from '@sealedger/node/approval/decide.ts';
import {
  type Decider,
  decideByPerson,
  type PersonalDecision,
  type PersonalOutcome,
  type PersonParts,
} from '@sealedger/node/approval/person.ts';
import type { Owner } from './owner.ts';

/** A person with a pseudonym of the same letter. */
export function person(id: string): Decider {
  return { id, pseudonym: id.codePointAt(0)!.toString(16).padStart(2, '0').repeat(32) };
}

export interface PersonOptions {
  /** Ids of persons who prepared what is asked for. */
  readonly preparers?: readonly string[];
  readonly parts?: Partial<DecideParts>;
  readonly deciding?: Deciding;
}

/** Decides as a person; approves with `reason` unless told otherwise. */
export function decideAs(
  o: Owner,
  by: Decider,
  asked: Partial<PersonalDecision> = {},
  options: PersonOptions = {},
): Promise<PersonalOutcome> {
  const parts: PersonParts = {
    ...o.parts,
    ...options.parts,
    randomBytes: (length) => new Uint8Array(length).fill(7),
    preparers: async () => new Set((options.preparers ?? []).map((id) => person(id).pseudonym)),
  };
  const decision = { approved: true, reason: 'seen and agreed', conditions: {}, ...asked };
  return decideByPerson(parts, options.deciding ?? o.deciding(), decision, by);
}
