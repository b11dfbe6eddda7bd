/** The guard as a node has it, over fakes of chain and members. */
import { dataCheck } from '@sealedger/node/approval/data-check.ts';
import { createGuard, type GrantCheck, type Guard } from '@sealedger/node/approval/guard.ts';
import { hoursCheck, memberCheck, stateCheck, termCheck } from '@sealedger/node/approval/use-checks.ts';
import type { Directory, Ledger } from '@sealedger/node/ports.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import { type GrantConditions, noConditions } from '@sealedger/protocol/policy/conditions.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';

export interface GuardSetting {
  readonly org: string;
  readonly ledger: Ledger;
  readonly members: Pick<Directory, 'activeMember'>;
  readonly clock: { now(): number };
  readonly document: RequestDocument;
  /** Conditions of this organisation's grant; asked at each use. */
  readonly conditions?: () => Partial<GrantConditions>;
  readonly isSuspended?: (requestId: string) => boolean;
  readonly more?: readonly GrantCheck[];
}

/** Every check that a node has by itself, and `more`. */
export function guardOf(setting: GuardSetting): Guard {
  const { org, ledger, members, clock, document, conditions = () => ({}), isSuspended = () => false } = setting;
  const granting: GrantCheck = async (use, request, asked) => {
    const grant = grantOf(org, document, conditions());
    for (const check of [hoursCheck(clock), dataCheck(ledger, clock)]) await check(use, request, asked, grant);
  };
  return createGuard({ ledger, document: async () => document, grant: async () => undefined, isSuspended }, [
    stateCheck,
    termCheck(clock),
    memberCheck(members, org),
    granting,
    ...(setting.more ?? []),
  ]);
}

export function grantOf(org: string, document: RequestDocument, conditions: Partial<GrantConditions> = {}): Grant {
  return {
    suite: SUITE,
    version: 1,
    requestId: requestId(document),
    decider: org,
    approved: true,
    rule: 'within-bounds',
    policyHash: null,
    datasets: [],
    quota: document.quota,
    expiresAt: document.expiresAt,
    noisePolicy: document.noisePolicy,
    approvers: 0,
    conditions: { ...noConditions('Asia/Shanghai'), ...conditions },
  };
}
