/** Evidence from all who took part: one bundle for the request, one for each released batch. */

import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import { parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import type { BankContext } from './bank.ts';

const ANCHOR_WAIT_MS = 300;
const ANCHOR_PATIENCE_MS = 60_000;

/** @returns the bundles under the names that their files should have. */
export async function collectEvidence(
  context: BankContext,
  requestId: string,
): Promise<readonly { readonly name: string; readonly bundle: Bundle }[]> {
  const onChain = await context.ledger.request(requestId);
  if (onChain === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const orgs = [...new Set([...onChain.participants, ...onChain.deciders.map(({ org }) => org)])].sort();
  const whole = await gather(context, orgs, `/v1/evidence/requests/${requestId}`);
  const { batches } = await context.ledger.resultsOf(requestId, context.org);
  const released: { name: string; bundle: Bundle }[] = [];
  for (let batch = 1; batch <= batches; batch++) {
    const path = `/v1/evidence/requests/${requestId}/batches/${context.org}/${batch}`;
    const gates = onChain.gates.map(({ org }) => org);
    released.push({ name: `batch-${requestId.slice(0, 12)}-${batch}`, bundle: await gather(context, gates, path) });
  }
  return [{ name: `request-${requestId.slice(0, 12)}`, bundle: whole }, ...released];
}

async function gather(context: BankContext, orgs: readonly string[], path: string): Promise<Bundle> {
  const parts = await Promise.all(
    orgs.map(async (org) => {
      const peer = await context.peer(org);
      return parseBundle(await anchored(context, () => context.peers.json(peer, { method: 'GET', path, retries: 5 })));
    }),
  );
  return mergeBundles(parts);
}

/** Asks again while the node waits for its anchor. */
async function anchored<T>(context: BankContext, ask: () => Promise<T>): Promise<T> {
  const deadline = context.ports.clock.now() + ANCHOR_PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const wait = isProtocolError(error, 'EXPORT_NOT_ANCHORED') && context.ports.clock.now() < deadline;
      if (!wait) throw error;
      await context.ports.clock.sleep(ANCHOR_WAIT_MS);
    }
  }
}
