/** The contracts in memory: what a test puts in, with a record of every write and a chain that can be away. */
import type {
  CertificateView,
  ConsentView,
  DatasetVersionView,
  Ledger,
  QualityView,
  RequestView,
} from '@sealedger/node/ports.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { datasetVersionId } from '@sealedger/protocol/ledger/ids.ts';

export interface FakeLedger extends Ledger {
  readonly requests: Map<string, RequestView>;
  readonly versions: Map<string, DatasetVersionView>;
  /** Latest measurement by version id. */
  readonly measurements: Map<string, QualityView>;
  /** By `modelDigest/certifier`. */
  readonly certificates: Map<string, CertificateView>;
  /** By holder. */
  readonly consents: Map<string, ConsentView>;
  readonly writes: { readonly call: string; readonly args: readonly unknown[] }[];
  /** While set, every call fails; `writes` still shows what was tried. */
  away: boolean;
  recentRequest: Ledger['recentRequest'];
  /** Changes a request. */
  change(id: string, part: Partial<RequestView>): void;
}

/** @param org - whose account the writes come from. */
export function fakeLedger(org: string): FakeLedger {
  const requests = new Map<string, RequestView>();
  const versions = new Map<string, DatasetVersionView>();
  const measurements = new Map<string, QualityView>();
  const certificates = new Map<string, CertificateView>();
  const consents = new Map<string, ConsentView>();
  const writes: { call: string; args: readonly unknown[] }[] = [];
  const reach = (): void => {
    if (ledger.away) throw new ProtocolError('CHAIN_UNREACHABLE', {});
  };
  const request = async (id: string): Promise<RequestView> => {
    reach();
    const found = requests.get(id);
    if (found === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: id });
    return found;
  };
  const write = (call: string, ...args: readonly unknown[]): void => {
    writes.push({ call, args });
    reach();
  };
  const ledger: FakeLedger = {
    chainId: 31_337,
    requestsContract: `${'00'.repeat(19)}01`,
    requests,
    versions,
    measurements,
    certificates,
    consents,
    writes,
    away: false,
    change: (id, part) => void requests.set(id, { ...requests.get(id)!, ...part }),
    request,
    recentRequest: request,
    datasetVersion: async (id) => {
      reach();
      const found = versions.get(id);
      if (found === undefined) throw new ProtocolError('DATASET_UNKNOWN', { dataset: id });
      return found;
    },
    latestDatasetVersion: async (name) => {
      reach();
      return Math.max(0, ...[...versions.values()].filter((v) => v.name === name).map(({ version }) => version));
    },
    datasetVersionId,
    publishDatasetVersion: async (version) => {
      write('publishDatasetVersion', version);
      const id = datasetVersionId(org, version.name, version.version);
      versions.set(id, { id, owner: org, ...version, state: 'published' });
    },
    withdrawDatasetVersion: async (id) => {
      write('withdrawDatasetVersion', id);
      versions.set(id, { ...versions.get(id)!, state: 'withdrawn' });
    },
    quality: async (id) => {
      reach();
      return measurements.get(id) ?? null;
    },
    recordQuality: async ({ id, ...measurement }) => {
      write('recordQuality', { id, ...measurement });
      const before = measurements.get(id);
      if (before?.reportHash === measurement.reportHash) return { round: before.round };
      const round = (before?.round ?? 0) + 1;
      measurements.set(id, { round, ...measurement });
      return { round };
    },
    decide: async (id, approved, reasonHash, grantHash) => {
      write('decide', id, approved, reasonHash, grantHash);
      const { decisions } = await request(id);
      const decision = approved ? ('approved' as const) : ('rejected' as const);
      ledger.change(id, {
        decisions: decisions.map((entry) => (entry.decider === org ? { decider: org, decision, grantHash } : entry)),
      });
    },
    publishGateKey: async (id, publicKey) => {
      write('publishGateKey', id, publicKey);
      ledger.change(id, { gateKeys: [...(await request(id)).gateKeys, { gate: org, publicKey }] });
    },
    recordUnlocks: async (id, total) => write('recordUnlocks', id, total),
    suspend: async (id, reasonHash) => {
      write('suspend', id, reasonHash);
      const { suspenders } = await request(id);
      ledger.change(id, { state: 'suspended', suspenders: [...new Set([...suspenders, org])] });
    },
    resume: async (id) => {
      write('resume', id);
      const suspenders = (await request(id)).suspenders.filter((suspender) => suspender !== org);
      ledger.change(id, { state: suspenders.length === 0 ? 'active' : 'suspended', suspenders });
    },
    revoke: async (id, reasonHash) => {
      write('revoke', id, reasonHash);
      ledger.change(id, { state: 'revoked' });
    },
    certificate: async (modelDigest, certifier) => {
      reach();
      return certificates.get(`${modelDigest}/${certifier}`) ?? null;
    },
    consent: async (holder) => {
      reach();
      return consents.get(holder) ?? null;
    },
  };
  return ledger;
}
