/** The check that an organisation's own agreement stands: at home, and on chain as that agreement and no other. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grantCheck, grantHashesOf } from '@sealedger/node/approval/grant-check.ts';
import type { Use } from '@sealedger/node/approval/guard.ts';
import { approvalKeys } from '@sealedger/node/approval/keys.ts';
import type { RequestView, StateStore } from '@sealedger/node/ports.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import { grantOf } from '../node/support/guards.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';

const document = requestDocument();
const view = onChainView(document);
const use: Use = { kind: 'unlock', moment: 'metering', requestId: view.id, count: 1 };
const granted = grantOf('tax', document);

/** What the disk of a node has of its decision. */
function stateWith(grantHash: string | undefined): Pick<StateStore, 'get'> {
  const get = async (key: string): Promise<unknown> =>
    key === approvalKeys.decision(view.id) && grantHash !== undefined ? { grantHash } : undefined;
  return { get: get as StateStore['get'] };
}

function onChain(decision: 'approved' | 'rejected' | 'pending', grantHash: string): RequestView {
  const decisions = [
    { decider: 'court', decision: 'approved' as const, grantHash: hexOf(9) },
    { decider: 'tax', decision, grantHash },
  ];
  return { ...view, decisions } as RequestView;
}

async function check(request: RequestView, grant: Grant | undefined, stored: string | undefined): Promise<void> {
  await grantCheck(stateWith(stored), 'tax')(use, request, document, grant);
}

describe('an organisation’s own grant', () => {
  it('carries the use where home and chain have the same', async () => {
    await check(onChain('approved', hexOf(1)), granted, hexOf(1));
  });

  it('is missing where nobody decided, and where the decision was no', async () => {
    await assert.rejects(check(onChain('approved', hexOf(1)), undefined, hexOf(1)), refusal('GRANT_MISSING'));
    const no: Grant = { ...granted, approved: false };
    await assert.rejects(check(onChain('approved', hexOf(1)), no, hexOf(1)), refusal('GRANT_MISSING'));
  });

  it('is none where the chain has another grant, another decision or none yet', async () => {
    for (const request of [
      onChain('approved', hexOf(2)),
      onChain('approved', ''),
      onChain('rejected', hexOf(1)),
      onChain('pending', hexOf(1)),
    ]) {
      await assert.rejects(check(request, granted, hexOf(1)), refusal('GRANT_MISMATCH'));
    }
  });

  it('is none where the own record of it is gone: what others signed does not stand in for it', async () => {
    await assert.rejects(check(onChain('approved', hexOf(1)), granted, undefined), refusal('GRANT_MISMATCH'));
    await assert.rejects(check(onChain('approved', hexOf(9)), granted, hexOf(1)), refusal('GRANT_MISMATCH'));
  });

  it('of a gate that owns nothing stands at home alone, and is needed there too', async () => {
    const others = onChain('approved', hexOf(1));
    const gate = grantCheck(stateWith(undefined), 'audit-office');
    await gate(use, others, document, granted);
    await assert.rejects(gate(use, others, document, undefined), refusal('GRANT_MISSING'));
  });
});

describe('the grants that evidence names', () => {
  it('are the deciders’ in the order of the chain, or none of them', () => {
    assert.deepEqual(grantHashesOf(onChain('approved', hexOf(1))), { grantHashes: [hexOf(9), hexOf(1)] });
    assert.deepEqual(grantHashesOf(onChain('pending', '')), {});
    assert.deepEqual(grantHashesOf({ decisions: [] }), {});
  });
});
