/**
 * What a certifier keeps of the models it knows: one sealed record per bank, and one that names the banks.
 *
 * Trust: who has the certifier's seed is the certifier. A record that was put back to an older state opens; that a model
 * is missing then shows against the chain, which is asked before each certificate.
 */
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import type { SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import type { CertifiedModel, ModelCertificate } from '@sealedger/protocol/model-certificate.ts';
import type { Exposure } from '@sealedger/protocol/model-exposure.ts';
import { hex32, organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { BankPorts } from './ports.ts';
import { createVault } from './vault.ts';

/** A model as it is kept. */
export type StoredModel = CertifiedModel & {
  readonly requester: string;
  readonly requestId: string;
  /** Null for a model that is only known, since another certifier answers for it. */
  readonly certified: {
    readonly certificate: SignedEnvelope<ModelCertificate>;
    readonly certificateHash: string;
    readonly exposure: Exposure;
  } | null;
  /** `signed`: not on chain yet; `known`: kept to hold others against it. */
  readonly state: 'signed' | 'certified' | 'withdrawn' | 'known';
};

const share = z.number().min(0);
/** Canonical JSON of two texts of at most 384 characters together, each of which may take six. */
const axis = z.string().max(4096);
const modelSchema = z.strictObject({
  modelDigest: hex32,
  swings: z
    .array(
      z.strictObject({
        key: axis,
        loose: axis,
        field: axis,
        party: organisationId,
        swing: z.number(),
        width: z.int().nullable(),
      }),
    )
    .min(1)
    .max(4096),
  requester: organisationId,
  requestId: hex32,
  certified: z
    .strictObject({
      /** Made and signed here; its form is modelCertificateSchema's. */
      certificate: z.custom<SignedEnvelope<ModelCertificate>>((value) => typeof value === 'object' && value !== null),
      certificateHash: hex32,
      exposure: z.strictObject({ effectiveFeatures: share, featureLeverage: share, partyLeverage: share, rank: share }),
    })
    .nullable(),
  state: z.enum(['signed', 'certified', 'withdrawn', 'known']),
});
const recordSchema = z.strictObject({ suite: z.literal(SUITE), version: z.literal(1), models: z.array(modelSchema) });
const banksSchema = z.strictObject({ suite: z.literal(SUITE), version: z.literal(1), banks: z.array(organisationId) });

const BANKS = 'certified/banks';
const modelsOf = (bank: string): string => `certified/models/${bank}`;

export interface CertifiedModels {
  /** Models of a bank, oldest first. @throws {ProtocolError} SEALED_RECORD, SCHEMA_MISMATCH */
  of(requester: string): Promise<readonly StoredModel[]>;
  all(): Promise<readonly StoredModel[]>;
  /** Adds a model, or puts it in its own place; durable when it resolves. */
  put(model: StoredModel): Promise<void>;
}

export function openCertifiedModels(options: {
  readonly org: string;
  readonly keys: { readonly seed: Uint8Array };
  readonly ports: Pick<BankPorts, 'store' | 'randomBytes'>;
}): CertifiedModels {
  const { org, keys, ports } = options;
  const { store, randomBytes } = ports;
  const vault = createVault({ domain: domains.certifiedModels, org, seed: keys.seed, store, randomBytes });
  const of = async (requester: string): Promise<readonly StoredModel[]> =>
    (await vault.get(modelsOf(requester), recordSchema))?.models ?? [];
  const banks = async (): Promise<readonly string[]> => (await vault.get(BANKS, banksSchema))?.banks ?? [];
  return {
    of,
    all: async () => {
      const all: StoredModel[] = [];
      for (const bank of await banks()) all.push(...(await of(bank)));
      return all;
    },
    put: async (model) => {
      const known = await banks();
      const { requester, modelDigest } = model;
      if (!known.includes(requester))
        await vault.put(BANKS, { suite: SUITE, version: 1, banks: [...known, requester] });
      const models = [...(await of(requester))];
      const place = models.findIndex((candidate) => candidate.modelDigest === modelDigest);
      models[place < 0 ? models.length : place] = model;
      await vault.put(modelsOf(requester), { suite: SUITE, version: 1, models });
    },
  };
}
