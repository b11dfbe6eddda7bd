/** What the operator's channel takes for policies: those in force, and putting one in force without a restart. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { policyHash, policySchema } from '@sealedger/protocol/policy/policy.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { approvalKeys } from '../approval/keys.ts';
import { type AppliedPolicy, appliedPolicies, type RemovedPolicy } from '../approval/policy-book.ts';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import { decideParts } from './approval.ts';
import type { NodeParts } from './parts.ts';

/** Each decision asks every policy. */
const MAX_APPLIED = 64;
const uid = z.string().min(1).max(160);
const appliedView = z.strictObject({ uid, hash: hex32 });

/** The contracts, for the command line. */
export const policyContracts = {
  show: {
    name: 'policy.show',
    summary: 'ADMIN_POLICY_SHOW',
    input: z.strictObject({}),
    output: z.strictObject({
      policies: z.array(
        z.strictObject({
          uid,
          hash: hex32,
          /** Pseudonym of who put it in force; null for the configuration's. */
          actor: hex32.nullable(),
          policy: policySchema,
        }),
      ),
    }),
  },
  apply: {
    name: 'policy.apply',
    summary: 'ADMIN_POLICY_APPLY',
    input: z.strictObject({ policy: policySchema }),
    output: appliedView,
  },
  remove: {
    name: 'policy.remove',
    summary: 'ADMIN_POLICY_REMOVE',
    input: z.strictObject({ uid }),
    output: appliedView,
  },
} as const;

/** The commands of a running node. */
export function adminPolicies(parts: NodeParts): readonly AdminCommand[] {
  const { state, clock, mutex } = parts;
  const { show, apply, remove } = policyContracts;
  return [
    adminCommand(show, async () => {
      const actors = new Map((await appliedPolicies(state)).map(({ policy, actor }) => [policy.uid, actor]));
      const policies = await decideParts(parts).policies.read();
      return {
        policies: policies.map((policy) => ({
          uid: policy.uid,
          hash: policyHash(policy),
          actor: actors.get(policy.uid) ?? null,
          policy,
        })),
      };
    }),
    {
      ...adminCommand(apply, async ({ policy }, { actor }) => {
        await mutex.run('policies', async () => {
          const inForce = await decideParts(parts).policies.read();
          const replaced = inForce.find(({ uid: other }) => other === policy.uid) ?? null;
          const applied: AppliedPolicy = { policy, replaced, actor: actor!, at: clock.now() };
          const others = (await appliedPolicies(state)).filter(({ policy: { uid: other } }) => other !== policy.uid);
          if (others.length >= MAX_APPLIED) throw new ProtocolError('POLICY_LIMIT', { limit: MAX_APPLIED });
          await state.write([
            { type: 'put', key: approvalKeys.appliedPolicy(policy.uid), value: applied },
            { type: 'del', key: approvalKeys.removedPolicy(policy.uid) },
          ]);
        });
        return { uid: policy.uid, hash: policyHash(policy) };
      }),
      roles: ['steward', 'operator'],
    },
    {
      ...adminCommand(remove, async ({ uid: wanted }, { actor }) =>
        mutex.run('policies', async () => {
          const applied = (await appliedPolicies(state)).find(({ policy }) => policy.uid === wanted);
          if (applied === undefined) throw new ProtocolError('POLICY_NOT_APPLIED', { policy: wanted });
          const removed: RemovedPolicy = { policy: applied.policy, actor: actor!, at: clock.now() };
          await state.write([
            { type: 'del', key: approvalKeys.appliedPolicy(wanted) },
            { type: 'put', key: approvalKeys.removedPolicy(wanted), value: removed },
          ]);
          return { uid: wanted, hash: policyHash(applied.policy) };
        }),
      ),
      roles: ['steward', 'operator'],
    },
  ];
}
