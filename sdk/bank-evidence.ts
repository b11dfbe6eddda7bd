/** Evidence for the bank: one bundle for the request, one for each batch of results that it committed to. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import type { BankContext } from './bank.ts';
import { collectWholeEvidence, type EvidenceSource, partiesOf } from './collect-evidence.ts';

/** @returns the bundles under the names that their files should have. */
export async function collectBankEvidence(
  context: BankContext,
  requestId: string,
): Promise<readonly { readonly name: string; readonly bundle: Bundle }[]> {
  const onChain = await context.ledger.request(requestId);
  if (onChain === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const source = sourceOf(context);
  const short = requestId.slice(0, 12);
  const whole = await collectWholeEvidence(source, partiesOf(onChain), { kind: 'request', requestId });
  const { batches } = await context.ledger.resultsOf(requestId, context.org);
  const gates = onChain.gates.map(({ org }) => org);
  const released: { name: string; bundle: Bundle }[] = [];
  for (let batch = 1; batch <= batches; batch++) {
    const subject = { kind: 'batch', requestId, org: context.org, batch } as const;
    released.push({ name: `batch-${short}-${batch}`, bundle: await collectWholeEvidence(source, gates, subject) });
  }
  return [{ name: `request-${short}`, bundle: whole }, ...released];
}

function sourceOf(context: BankContext): EvidenceSource {
  return {
    clock: context.ports.clock,
    get: async (org, path) => context.peers.json(await context.peer(org), { method: 'GET', path, retries: 5 }),
  };
}
