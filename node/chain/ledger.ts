/** The contracts as the stages see them: the ledger client behind the narrow port, with a short memory for hot reads. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { datasetVersionId } from '@sealedger/protocol/ledger/ids.ts';
import type { CertificateRecord, ConsentRecord, RequestRecord } from '@sealedger/protocol/ledger/records.ts';
import type { CertificateView, Clock, ConsentView, Ledger, RequestState, RequestView } from '../ports.ts';

/** How old a remembered answer may be; suspension and revocation must stop work within two seconds. */
const RECENT_MS = 500;
/** From this age on the chain is asked again, while the remembered answer still serves. */
const REFRESH_MS = 200;
/** The contracts are created one after the other; before the last one there is nothing to ask. */
const DEPLOYMENT_BLOCKS = 64;
const MAX_ATTESTATIONS = 4096;

export interface ChainLedger extends Ledger {
  /** Has the next look at this request, or at all of them, wait for the chain. */
  forget(requestId?: string): void;
  /** Has the next look at a certificate or log of consents wait for the chain. */
  forgetAttestations(): void;
}

/**
 * @param org - organisation whose account the client signs with.
 * @param confirmations - blocks on top before a grant counts: what is released on the strength of a block that the chain
 * takes back cannot be taken back. An end counts at once.
 */
export function createLedger(client: LedgerClient, org: string, clock: Clock, confirmations = 0): ChainLedger {
  const recent = new Map<string, { readonly at: number; readonly view: Promise<RequestView> }>();
  const request = async (id: string): Promise<RequestView> => {
    const record = await client.request(id);
    if (record === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: id });
    const view = viewOf(record);
    return view.state === 'active' ? { ...view, state: await settledState(client, id, confirmations) } : view;
  };
  const attested = createAttestationMemory(client, clock);
  const asking = new Map<string, Promise<RequestView>>();
  let forgotten = 0;
  /** Asks the chain, and keeps the answer where none that was asked for later is known. */
  const ask = (id: string): Promise<RequestView> => {
    const [at, before] = [clock.now(), forgotten];
    const view = request(id);
    const keep = (): void => {
      const known = recent.get(id)?.at ?? at;
      // what was asked before `forget` may not serve after it; a clock that was set back makes nothing later
      if (forgotten === before && (known <= at || known > clock.now())) recent.set(id, { at, view });
    };
    view.then(keep).catch(() => undefined);
    return view;
  };
  const refresh = (id: string): Promise<RequestView> => {
    const running = asking.get(id);
    if (running !== undefined) return running;
    const view = ask(id);
    asking.set(id, view);
    const done = (): void => void (asking.get(id) === view && asking.delete(id));
    view.then(done, done);
    return view;
  };
  return {
    chainId: client.deployment.chainId,
    requestsContract: client.deployment.contracts.requests,
    // a computation begins on this answer: what is remembered may not be older
    request: ask,
    forget: (id) => {
      forgotten += 1;
      for (const memory of [recent, asking]) id === undefined ? memory.clear() : memory.delete(id);
    },
    forgetAttestations: () => attested.forget(),
    recentRequest: (id) => {
      const known = recent.get(id);
      const elapsed = known === undefined ? Number.POSITIVE_INFINITY : clock.now() - known.at;
      // a clock that was set back makes no old answer a recent one
      const age = elapsed < 0 ? Number.POSITIVE_INFINITY : elapsed;
      if (known !== undefined && age < REFRESH_MS) return known.view;
      const fresh = refresh(id);
      if (known === undefined || age >= RECENT_MS) return fresh;
      // In a steady stream nobody waits for the chain; who is refused a fresh answer is told after RECENT_MS.
      fresh.catch(() => undefined);
      return known.view;
    },
    datasetVersion: async (id) => {
      const record = await client.datasetVersion(id);
      if (record === null) throw new ProtocolError('DATASET_UNKNOWN', { dataset: id });
      return record;
    },
    latestDatasetVersion: (name) => client.latestDatasetVersion(org, name),
    datasetVersionId,
    publishDatasetVersion: async (version) => void (await client.publishDatasetVersion(version)),
    withdrawDatasetVersion: async (id) => void (await client.withdrawDatasetVersion(id)),
    quality: (id) => client.qualityOf(id),
    recordQuality: async (measurement) => ({ round: (await client.recordQuality(measurement)).round }),
    decide: async (requestId, approved, reasonHash, grantHash) => {
      await client.decide(requestId, { approved, reasonHash, grantHash: approved ? grantHash : null });
    },
    publishGateKey: async (requestId, publicKey) => void (await client.publishGateKey(requestId, publicKey)),
    recordUnlocks: async (requestId, total) => void (await client.recordUnlocks(requestId, total)),
    suspend: async (requestId, reasonHash) => void (await client.suspendRequest(requestId, reasonHash)),
    resume: async (requestId) => void (await client.resumeRequest(requestId)),
    revoke: async (requestId, reasonHash) => void (await client.revokeRequest(requestId, reasonHash)),
    certificate: (modelDigest, certifier) => attested.certificate(modelDigest, certifier),
    consent: (holder) => attested.consent(holder),
  };
}

/** State of a request that is active now, as it was before the latest blocks, which may yet be taken back. */
async function settledState(client: LedgerClient, id: string, confirmations: number): Promise<RequestState> {
  if (confirmations === 0) return 'active';
  const block = (await client.blockNumber()) - confirmations;
  // a little later than the contracts themselves nothing can be active
  if (block <= (client.deployment.firstBlock ?? 0) + DEPLOYMENT_BLOCKS) return 'submitted';
  const state = (await client.request(id, block))?.state;
  return state === 'active' || state === 'suspended' ? state : 'submitted';
}

function viewOf(record: RequestRecord): RequestView {
  const { terms } = record;
  return {
    id: record.id,
    requester: record.requester,
    purpose: terms.purpose,
    modelDigest: terms.modelDigest,
    datasetVersions: terms.datasetVersions,
    registerVersion: terms.registerVersion,
    gates: terms.gates,
    quota: terms.quota,
    expiresAt: terms.expiresAtSeconds,
    singleDepartment: terms.singleDepartment,
    qualityFloor: terms.qualityFloor,
    previous: terms.previous,
    state: record.state,
    decisions: record.deciders.map(({ org: decider, decision }) => ({
      decider,
      decision: decision?.verdict ?? 'pending',
      grantHash: decision?.grantHash ?? '',
    })),
    gateKeys: record.gates.flatMap(({ org: gate, poprfPublicKey }) =>
      poprfPublicKey === null ? [] : [{ gate, publicKey: poprfPublicKey }],
    ),
    attempt: record.attempt,
    suspenders: record.suspenders,
  };
}

/** Answers of the Attestations contract, remembered for {@link RECENT_MS}: they are asked for before every piece of work. */
function createAttestationMemory(client: Pick<LedgerClient, 'certificateOf' | 'consentOf'>, clock: Clock) {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();
  const ask = <T>(key: string, question: () => Promise<T>): Promise<T> => {
    const remembered = known.get(key);
    if (remembered !== undefined && clock.now() - remembered.at < RECENT_MS) return remembered.answer as Promise<T>;
    if (known.size >= MAX_ATTESTATIONS) known.clear();
    const answer = question();
    const entry = { at: clock.now(), answer };
    known.set(key, entry);
    answer.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return answer;
  };
  return {
    forget: () => known.clear(),
    certificate: (modelDigest: string, certifier: string): Promise<CertificateView | null> =>
      ask(`certificate/${modelDigest}/${certifier}`, async () =>
        certificateView(await client.certificateOf(modelDigest, certifier)),
      ),
    consent: (holder: string): Promise<ConsentView | null> =>
      ask(`consent/${holder}`, async () => consentView(await client.consentOf(holder))),
  };
}

function certificateView(record: CertificateRecord | null): CertificateView | null {
  if (record === null) return null;
  const { certifiedAtSeconds: certifiedAt, ...rest } = record;
  return { ...rest, certifiedAt };
}

function consentView(record: ConsentRecord | null): ConsentView | null {
  return record === null ? null : { size: record.size, root: record.root, committedAt: record.committedAtSeconds };
}
