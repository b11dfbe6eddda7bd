/**
 * What a policy is asked about: facts of a request from its document, the catalogue here and the chain.
 *
 * Trust: the requester states purpose and subjects; quota, term and versions were compared with the chain; fields come
 * from the sheet that the request commits to; level and sharing from the own catalogue, scores from the chain.
 */
import type { DatasetField } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { PolicyFacts } from '@sealedger/protocol/policy/answer.ts';
import { documentFacts } from '@sealedger/protocol/policy/samples.ts';
import { type FeatureSheet, type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import type { Clock, Directory, Ledger, StateStore } from '../ports.ts';
import type { OwnDataset } from '../request/intake.ts';
import type { StoredDecision } from './decide.ts';
import { approvalKeys } from './keys.ts';

/** JR/T 0197 level of personal identifiers, which are what a register holds. */
const REGISTER_LEVEL = 4;
const NO_DATA_LEVEL = 1;
const DAY_MS = 86_400_000;
const POLICY_URN = /^urn:sealedger:policy:\S+$/;

export interface FactParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'quality'>;
  readonly members: Pick<Directory, 'activeMember'>;
  readonly clock: Clock;
  readonly datasets: () => readonly OwnDataset[];
}

/** Facts about one own dataset, and the policy that its catalogue entry names. */
export interface DatasetFacts {
  readonly facts: PolicyFacts;
  /** Uid of a policy; null where the entry names none. */
  readonly namedPolicy: string | null;
}

/**
 * Facts of everything that a request asks of this organisation: datasets and register one by one; for a gate that owns
 * none of them, of its agreement.
 * @throws {ProtocolError} DATASET_UNKNOWN, MEMBER_UNKNOWN, MEMBER_SUSPENDED, CHAIN_UNREACHABLE
 */
export async function requestFacts(
  parts: FactParts,
  document: RequestDocument,
  sheet: FeatureSheet | null,
): Promise<readonly DatasetFacts[]> {
  const common = await commonFacts(parts, document);
  const owned = document.datasets.filter(({ owner }) => owner === parts.org);
  const all = await Promise.all(owned.map((asked) => datasetFacts(parts, common, asked, sheet)));
  const lowest = await lowestQuality(parts, document);
  if (document.register.owner === parts.org) {
    const { name } = document.register;
    all.push({
      facts: { ...common, dataset: name, ...NO_FIELDS, level: REGISTER_LEVEL, quality: lowest },
      namedPolicy: null,
    });
  }
  if (all.length > 0) return all;
  return [
    { facts: { ...common, dataset: null, ...NO_FIELDS, level: NO_DATA_LEVEL, quality: lowest }, namedPolicy: null },
  ];
}

const NO_FIELDS = { fields: [], fieldLevel: null, sharing: 'unconditional' } as const;
type Common = Omit<PolicyFacts, 'dataset' | 'fields' | 'fieldLevel' | 'sharing' | 'level' | 'quality'>;

async function commonFacts(parts: FactParts, document: RequestDocument): Promise<Common> {
  const { roles } = await parts.members.activeMember(document.requester);
  return {
    ...documentFacts(document, parts.clock.now()),
    requesterRoles: roles,
    minimumGroup: null,
    otherModelsDaysAgo: await otherModels(parts, document),
  };
}

async function datasetFacts(
  { ledger, datasets }: FactParts,
  common: Common,
  asked: RequestDocument['datasets'][number],
  sheet: FeatureSheet | null,
): Promise<DatasetFacts> {
  const own = datasets().find(({ published }) => published.id === asked.id);
  if (own === undefined) throw new ProtocolError('DATASET_UNKNOWN', { dataset: asked.id });
  const { level, fields: all, entry, identifier } = own.config;
  // whoever says that rows of residents are about enterprises does not get them for such
  const subjects = identifier === 'resident-id' ? 'person' : common.subjects;
  const fields = [...new Set((sheet?.definitions ?? []).map(({ field }) => field))];
  const sharing = sharingOf(
    entry?.sharing.type,
    all.filter(({ name }) => fields.includes(name)),
  );
  const ofFields = fieldLevel(all, fields, level);
  const quality = (await ledger.quality(asked.id))?.scoreBasisPoints ?? null;
  const facts = {
    ...common,
    subjects,
    dataset: asked.name,
    fields,
    fieldLevel: ofFields,
    sharing,
    // a field may be more sensitive than the whole was said to be
    level: Math.max(level, ofFields ?? level),
    quality,
  };
  return { facts, namedPolicy: namedPolicy(entry?.policy) };
}

/** A field without a level of its own has that of the whole. */
function fieldLevel(all: readonly DatasetField[], asked: readonly string[], whole: number): number | null {
  if (asked.length === 0) return null;
  return Math.max(...asked.map((name) => all.find((field) => field.name === name)?.item?.level ?? whole));
}

/** Conditions of a single item count for the whole of what is asked. */
function sharingOf(whole: string | undefined, asked: readonly DatasetField[]): PolicyFacts['sharing'] {
  const isConditional = [whole, ...asked.map(({ item }) => item?.sharing?.type)].includes('conditional');
  return isConditional ? 'conditional' : 'unconditional';
}

/** The policy text of an entry is for people, unless it is a policy's uid. */
function namedPolicy(policy: unknown): string | null {
  return typeof policy === 'string' && POLICY_URN.test(policy) ? policy : null;
}

async function lowestQuality({ ledger }: FactParts, document: RequestDocument): Promise<number | null> {
  const scores = await Promise.all(document.datasets.map(({ id }) => ledger.quality(id)));
  if (scores.some((quality) => quality === null)) return null;
  return Math.min(...scores.map((quality) => quality!.scoreBasisPoints));
}

/** Days since this organisation approved other models of the requester for the purpose and register version. */
async function otherModels({ state, clock }: FactParts, asked: RequestDocument): Promise<number[]> {
  const own = requestId(asked);
  const decisions = await state.list<StoredDecision>(approvalKeys.decisions);
  const others = await Promise.all(
    decisions
      .filter(([, { approved, requestId: id }]) => approved && id !== own)
      .map(async ([, { requestId: id, grant }]) => {
        const document = await state.get<RequestDocument>(approvalKeys.document(id));
        return document !== undefined && isOtherModel(document, asked) ? [Date.parse(grant.issuedAt)] : [];
      }),
  );
  return others.flat().map((at) => (clock.now() - at) / DAY_MS);
}

function isOtherModel(document: RequestDocument, asked: RequestDocument): boolean {
  return (
    document.requester === asked.requester &&
    document.purpose === asked.purpose &&
    document.register.id === asked.register.id &&
    document.modelDigest !== asked.modelDigest
  );
}
