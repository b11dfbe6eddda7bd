/**
 * The policies of this organisation: files and inline documents of the configuration, read again for every decision.
 *
 * A file that changes takes effect without a restart; one that cannot be read any more decides nothing, so that requests
 * go to a person. The start refuses what cannot be read.
 */
import { readFile, stat } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isAbout } from '@sealedger/protocol/policy/answer.ts';
import { type Policy, policySchema } from '@sealedger/protocol/policy/policy.ts';
import { z } from 'zod';
import { parseYaml } from '../catalogue/yaml.ts';
import type { StateStore } from '../ports.ts';
import { approvalKeys } from './keys.ts';

const MAX_BYTES = 1 << 20;

/** File names, relative to the configuration, or documents. */
export const policiesSchema = z.array(z.union([z.string().min(1), policySchema])).max(64);
export type PolicySource = z.output<typeof policiesSchema>[number];

/** A policy that a person put in force at the running node; it takes the place of the configuration's of the same uid. */
export interface AppliedPolicy {
  readonly policy: Policy;
  /** The one of the same uid that was in force before; null for none. */
  readonly replaced: Policy | null;
  /** Pseudonym: who may not approve what the policy sends to a person. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface PolicyBook {
  /** @throws {ProtocolError} POLICY_UNREADABLE, DEFINITION_INVALID, POLICY_TWICE */
  read(): Promise<readonly Policy[]>;
}

/** @param applied - policies that persons put in force; none unless told. */
export function createPolicyBook(
  sources: readonly PolicySource[],
  applied: () => Promise<readonly AppliedPolicy[]> = async () => [],
): PolicyBook {
  return {
    read: async () => {
      const configured = await Promise.all(sources.map((source) => readPolicy(source)));
      const twice = configured.find(({ uid }, i) => configured.findIndex((other) => other.uid === uid) !== i);
      if (twice !== undefined) throw new ProtocolError('POLICY_TWICE', { policy: twice.uid });
      const inForce = (await applied()).map(({ policy }) => policy);
      return [...configured.filter(({ uid }) => inForce.every((other) => other.uid !== uid)), ...inForce];
    },
  };
}

/** What persons put in force. */
export async function appliedPolicies(state: StateStore): Promise<readonly AppliedPolicy[]> {
  return (await state.list<AppliedPolicy>(approvalKeys.applied)).map(([, applied]) => applied);
}

/** A policy that a person took out of force. */
export type RemovedPolicy = Omit<AppliedPolicy, 'replaced'>;

/**
 * Who put in force, replaced or took away a policy that speaks or spoke about these datasets, or that was asked: what a
 * person decides about them is what that policy left to persons.
 * @param datasets - short names; null for a gate's agreement.
 * @param asked - uids of the policies that answered.
 */
export async function policyAuthors(
  state: StateStore,
  datasets: readonly (string | null)[],
  asked: ReadonlySet<string>,
): Promise<readonly string[]> {
  const removed = (await state.list<RemovedPolicy>(approvalKeys.removed)).map(([, one]) => ({
    ...one,
    replaced: null,
  }));
  const changes = [...(await appliedPolicies(state)), ...removed];
  const concerns = ({ policy, replaced }: AppliedPolicy): boolean =>
    asked.has(policy.uid) ||
    [policy, ...(replaced === null ? [] : [replaced])].some((one) => datasets.some((name) => speaksAbout(one, name)));
  return changes.filter(concerns).map(({ actor }) => actor);
}

/** One without rules speaks about everything: it answers `otherwise`. */
function speaksAbout({ permission, prohibition }: Policy, dataset: string | null): boolean {
  const rules = [...permission, ...prohibition];
  return rules.length === 0 || rules.some((rule) => isAbout(rule, dataset));
}

/**
 * Reads a policy; JSON or YAML.
 * @throws {ProtocolError} POLICY_UNREADABLE; DEFINITION_INVALID with line and column
 */
export async function readPolicy(source: PolicySource): Promise<Policy> {
  if (typeof source !== 'string') return source;
  return parseYaml(policySchema, await readPolicyText(source), source);
}

/** @throws {ProtocolError} POLICY_UNREADABLE */
export async function readPolicyText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw new ProtocolError('POLICY_UNREADABLE', { file, reason: `more than ${MAX_BYTES} bytes` });
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('POLICY_UNREADABLE', { file, reason: 'the file cannot be read' }, { cause });
  }
}

/**
 * The policies that speak about a dataset.
 * @param named - uid that the catalogue entry names; then it alone allows, and prohibitions of the others still count.
 */
export function policiesAbout(
  policies: readonly Policy[],
  dataset: string | null,
  named: string | null,
): { readonly allowing: readonly Policy[]; readonly prohibiting: readonly Policy[] } {
  const prohibiting = policies.filter(({ prohibition }) => prohibition.some((rule) => isAbout(rule, dataset)));
  if (named !== null) return { allowing: policies.filter(({ uid }) => uid === named), prohibiting };
  const isSilent = ({ permission, prohibition }: Policy): boolean => permission.length + prohibition.length === 0;
  const allowing = policies.filter(
    (policy) => isSilent(policy) || policy.permission.some((rule) => isAbout(rule, dataset)),
  );
  return { allowing, prohibiting };
}
