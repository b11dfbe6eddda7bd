import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { FeatureSheet, RequestDocument } from '@sealedger/protocol/request.ts';
import { storedDeadlines } from '../approval/deadlines.ts';
import { approvalKeys } from '../approval/keys.ts';
import { concernOperations } from '../chain/concerns.ts';
import { computationKeys } from '../compute/computation.ts';
import { storedDocument } from '../compute/computations.ts';
import { epochRequests } from '../match/epoch-keys.ts';
import type { RequestView } from '../ports.ts';
import { assertAdmitted } from '../request/admission.ts';
import { type RequestStores, requestStores } from '../request/completeness.ts';
import { acceptRequest, assertOwnFeatures } from '../request/intake.ts';
import { assertPrevious } from '../request/previous.ts';
import { admissionLock, removeEnded } from '../request/retention.ts';
import { createApproval } from './approval.ts';
import type { NodeParts } from './parts.ts';

export function requestServices(parts: NodeParts) {
  const { config, state, ledger, models, epochKeys, own, mutex } = parts;
  const approval = createApproval(parts);
  const stores = requestStores(config.org, config.dataDir);
  /** Puts on chain what should stand there and does not: unsent before a crash, or taken back in a reorganisation. */
  const reconcile = async (): Promise<void> => {
    await approval.reconcile();
    for (const requestId of await epochRequests(state)) {
      try {
        await epochKeys.publish(requestId);
      } catch (error) {
        if (!isProtocolError(error, 'REQUEST_UNKNOWN')) throw error;
      }
    }
  };
  return {
    request: async (caller: string, body: unknown) => {
      const { document, sheet, onChain } = await acceptRequest(ledger, body, caller);
      const isDecider = onChain.decisions.some(({ decider }) => decider === config.org);
      const isGate = onChain.gates.includes(config.org);
      if (!isDecider && !isGate) throw new ProtocolError('REQUEST_NOT_CONCERNED', {});
      await assertPrevious(ledger, document, (id) => state.get(computationKeys.document(id)));
      assertOwnFeatures(document, sheet, config.org, own.datasets);
      return mutex.run(`request/${onChain.id}`, async () => {
        await mutex.run(admissionLock(caller), async () => {
          await assertMayComeIn(parts, stores, document, onChain);
          await logRequest(parts, onChain.id, document, sheet);
        });
        const decision = await approval.decide({ document, sheet, onChain });
        const state = decision === undefined ? 'pending' : decision.approved ? 'approved' : 'rejected';
        return { requestId: onChain.id, decision: isDecider ? state : 'none' };
      });
    },
    model: async (caller: string, requestId: string, bodyInto: (sink: NodeJS.WritableStream) => Promise<void>) => {
      const onChain = await ledger.request(requestId);
      if (onChain.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
      if (onChain.state !== 'submitted' && onChain.state !== 'active') {
        throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: onChain.state });
      }
      await models.receive(await storedDocument(state, requestId), bodyInto);
    },
    reconcile,
    retentionTick: () => removeEnded({ ...parts, stores, retentionDays: config.requests.retentionDays }),
    resume: async () => {
      await reconcile();
      await parts.computations.resume();
    },
  };
}

/**
 * What was decided or waits may be delivered again; anything else must still be asked for, and fit.
 * @throws {ProtocolError} REQUEST_NOT_ACTIVE, and as assertAdmitted
 */
async function assertMayComeIn(
  { config, state, ledger, clock }: NodeParts,
  stores: RequestStores,
  document: RequestDocument,
  onChain: RequestView,
): Promise<void> {
  const isDecided = (await state.get(approvalKeys.decision(onChain.id))) !== undefined;
  if (!isDecided && onChain.state !== 'submitted')
    throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: onChain.state });
  if ((await state.get(computationKeys.document(onChain.id))) !== undefined) return;
  await assertAdmitted(
    {
      org: config.org,
      bounds: config.requests,
      state,
      ledger,
      clock,
      stores,
      isDecided: async (id) => (await state.get(approvalKeys.decision(id))) !== undefined,
      // a request without deadlines came in just now
      receivedAt: async (id) => (await storedDeadlines(state, id))?.receivedAt ?? clock.now(),
    },
    document,
  );
}

async function logRequest(
  parts: NodeParts,
  requestId: string,
  document: RequestDocument,
  sheet: FeatureSheet | null,
): Promise<void> {
  await parts.events.append(
    'request',
    {
      requestId,
      requester: document.requester,
      purpose: document.purpose,
      datasets: document.datasets.map((dataset) => dataset.id),
      modelDigest: document.modelDigest,
      quota: document.quota,
      expiresAt: document.expiresAt,
      ...(document.previous === null ? {} : { previous: document.previous.requestId }),
      ...(document.certifier === null ? {} : { certifier: document.certifier }),
    },
    {
      id: `request/${requestId}`,
      operations: [
        { type: 'put', key: computationKeys.document(requestId), value: document },
        ...concernOperations(requestId, document),
        ...(sheet === null ? [] : [{ type: 'put' as const, key: computationKeys.sheet(requestId), value: sheet }]),
      ],
    },
  );
}
