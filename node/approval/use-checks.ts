/** What each use of a grant must keep to, whatever else the grant asks for: state, term, members, hours. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isWithinHours } from '@sealedger/protocol/policy/conditions.ts';
import type { Clock, Directory } from '../ports.ts';
import type { GrantCheck } from './guard.ts';

/** The request is active on chain. @throws {ProtocolError} GRANT_EXPIRED, GRANT_SUSPENDED, REQUEST_NOT_ACTIVE */
export const stateCheck: GrantCheck = async (_use, { state }) => {
  if (state === 'expired') throw new ProtocolError('GRANT_EXPIRED', {});
  if (state === 'suspended') throw new ProtocolError('GRANT_SUSPENDED', {});
  if (state !== 'active') throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
};

/** The grant's term is not over. @throws {ProtocolError} GRANT_EXPIRED */
export function termCheck(clock: Pick<Clock, 'now'>): GrantCheck {
  return async (_use, request) => {
    if (request.expiresAt * 1000 <= clock.now()) throw new ProtocolError('GRANT_EXPIRED', {});
  };
}

/** Requester and this organisation are no suspended members. @throws {ProtocolError} MEMBER_UNKNOWN, MEMBER_SUSPENDED */
export function memberCheck(members: Pick<Directory, 'activeMember'>, org: string): GrantCheck {
  return async (_use, { requester }) => {
    for (const member of [requester, org]) await members.activeMember(member);
  };
}

/**
 * The hour and the weekday are ones on which the grant may be used.
 * @throws {ProtocolError} GRANT_HOURS
 */
export function hoursCheck(clock: Pick<Clock, 'now'>): GrantCheck {
  return async (_use, _request, _document, grant) => {
    if (grant === undefined) return;
    const { hours, weekdays, timeZone } = grant.conditions;
    if (hours.length === 0 && weekdays === null) return;
    if (isWithinHours(grant.conditions, new Date(clock.now()))) return;
    throw new ProtocolError('GRANT_HOURS', {
      hours: hours.join(' ') || '*',
      weekdays: weekdays === null ? '*' : weekdays.join(' '),
      timeZone,
    });
  };
}
