/** Writes to the Consortium contract: the own keys and endpoint, and what the members vote on. */
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Role, rolesToMask } from './codec.ts';
import { decodeEvent, type EventName, type EventOf } from './events.ts';
import { assertInteger, orgToBytes32, toAccount, toWord } from './ids.ts';
import type { Admission, OrganisationKeys, ProposalRecord } from './records.ts';
import { findTrace, send, type Trace, type Write, type WriteContext, type WriteOutcome } from './write.ts';

/** A proposal that stands; `already`: the same was proposed before and is still open. */
export type ProposalOutcome = WriteOutcome & { readonly proposalId: number };

/** Longest time for which keys before a rotation still count; see Consortium.sol. */
export const MAX_OVERLAP_SECONDS = 86_400;

const closedBy = {
  open: 'ProposalLapsed',
  lapsed: 'ProposalLapsed',
  carried: 'ProposalCarried',
  rejected: 'ProposalRejected',
} as const satisfies Readonly<Record<ProposalRecord['state'], EventName>>;

/** @param ownOrg - organisation of the client's account. */
export function memberWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  const { reader } = context;
  /** The contract takes the same again as a change; so look first. */
  const unlessDone = async <N extends EventName>(done: boolean, trace: Trace<N>, act: () => Promise<WriteOutcome>) =>
    (done ? await findTrace(context, 'consortium', trace) : null) ?? act();
  return {
    async admit(admission: Admission) {
      const { id, roles, endpoint } = admission;
      const topics = [orgToBytes32(id)];
      const keys = await reader.organisation(id);
      const sameKeys = keys !== null && isSameKeys(keys, admission);
      const matches = (args: EventOf<'OrganisationAdmitted'>['args']) =>
        sameKeys && rolesToMask(args.roles) === rolesToMask(roles) && args.endpoint === endpoint;
      return write('consortium', 'admit', [admissionTuple(admission)], {
        event: 'OrganisationAdmitted',
        topics,
        matches,
      });
    },
    closeFounding: () => write('consortium', 'closeFounding', [], { event: 'FoundingClosed', topics: [] }),
    async rotateKeys(keys: OrganisationKeys, overlapSeconds: number) {
      assertInteger('overlap', overlapSeconds, 0, MAX_OVERLAP_SECONDS);
      const org = await ownOrg();
      const now = await reader.organisation(org);
      const matches = (args: OrganisationKeys) => isSameKeys(args, keys);
      const trace = { event: 'KeysChanged', topics: [orgToBytes32(org)], matches } as const;
      return unlessDone(now !== null && isSameKeys(now, keys), trace, () =>
        write('consortium', 'rotateKeys', [keysTuple(keys), overlapSeconds], trace),
      );
    },
    async revokePreviousKeys() {
      const org = await ownOrg();
      const epoch = (await reader.organisation(org))?.keyEpoch;
      const matches = (args: { readonly keyEpoch: number }) => args.keyEpoch === epoch;
      const trace = { event: 'PreviousKeysRevoked', topics: [orgToBytes32(org)], matches } as const;
      return write('consortium', 'revokePreviousKeys', [], trace);
    },
    async setEndpoint(endpoint: string) {
      const org = await ownOrg();
      const now = await reader.organisation(org);
      const matches = (args: { readonly endpoint: string }) => args.endpoint === endpoint;
      const trace = { event: 'EndpointChanged', topics: [orgToBytes32(org)], matches } as const;
      return unlessDone(now?.endpoint === endpoint, trace, () => write('consortium', 'setEndpoint', [endpoint], trace));
    },
  };
}

/** Proposals and votes. @param ownOrg - organisation of the client's account. */
export function proposalWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  const propose = async (name: string, args: readonly unknown[]): Promise<ProposalOutcome> => {
    try {
      const { created: _created, logs, ...mined } = await send(context, 'consortium', name, args);
      const made = logs
        .map((log) => decodeEvent(log, context.deployment))
        .find((event) => event?.name === 'ProposalMade');
      if (made?.name !== 'ProposalMade') {
        throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: name, reason: 'no event ProposalMade' });
      }
      return { ...mined, already: false, proposalId: made.args.proposalId };
    } catch (cause) {
      const open = openTwin(cause);
      const trace = { event: 'ProposalMade', topics: open === null ? [] : [numberTopic(open)] } as const;
      const earlier = open === null ? null : await findTrace(context, 'consortium', trace);
      if (open === null || earlier === null) throw cause;
      return { ...earlier, proposalId: open };
    }
  };
  return {
    proposeAdmission: (admission: Admission) => propose('proposeAdmission', [admissionTuple(admission)]),
    proposeSuspension: (org: string) => propose('proposeSuspension', [orgToBytes32(org)]),
    proposeReinstatement: (org: string) => propose('proposeReinstatement', [orgToBytes32(org)]),
    proposeRoles: (org: string, roles: readonly Role[]) =>
      propose('proposeRoles', [orgToBytes32(org), rolesToMask(roles)]),
    proposeKeys: (org: string, keys: OrganisationKeys) => propose('proposeKeys', [orgToBytes32(org), keysTuple(keys)]),
    async vote(proposalId: number, support: boolean) {
      const topics = [numberTopic(proposalId), orgToBytes32(await ownOrg())];
      const matches = (args: EventOf<'VoteCast'>['args']) => args.support === support;
      return write('consortium', 'vote', [proposalId, support], { event: 'VoteCast', topics, matches });
    },
    async settle(proposalId: number) {
      const topics = [numberTopic(proposalId)];
      // closed by a vote or another's call: whichever event tells so
      const state = (await context.reader.proposal(proposalId))?.state ?? 'open';
      return write('consortium', 'settle', [proposalId], { event: closedBy[state], topics });
    },
  };
}

function isSameKeys(a: OrganisationKeys, b: OrganisationKeys): boolean {
  return a.account === b.account && a.ed25519Key === b.ed25519Key && a.x25519Key === b.x25519Key;
}

function keysTuple(keys: OrganisationKeys): readonly unknown[] {
  return [toAccount(keys.account), toWord(keys.ed25519Key), toWord(keys.x25519Key)];
}

function admissionTuple(admission: Admission): readonly unknown[] {
  return [orgToBytes32(admission.id), rolesToMask(admission.roles), keysTuple(admission), admission.endpoint];
}

function numberTopic(value: number): string {
  assertInteger('proposal', value, 1, Number.MAX_SAFE_INTEGER);
  return `0x${value.toString(16).padStart(64, '0')}`;
}

function openTwin(cause: unknown): number | null {
  if (!isProtocolError(cause, 'CHAIN_REFUSED') || cause.details['error'] !== 'ConsortiumProposalOpen') return null;
  return Number(/proposalId=(\d+)/.exec(String(cause.details['args']))?.[1]);
}
