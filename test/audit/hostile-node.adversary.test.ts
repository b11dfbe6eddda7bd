/** Nodes that lie about their log, and what the regulator finds: each lie has its code and its proof. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { EventDraft } from '@sealedger/node/evidence/log-entry.ts';
import type { LogPage } from '@sealedger/protocol/evidence/log-answers.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import { compareLogs } from '@sealedger/sdk/audit/compare.ts';
import { FindingList } from '@sealedger/sdk/audit/findings.ts';
import type { AuditView } from '@sealedger/sdk/audit/look.ts';
import { rebuildRequests } from '@sealedger/sdk/audit/requests.ts';
import { startMs, testSigner } from '../evidence/support/log-fixture.ts';
import { id, keysChanged, requestId, retiredDraft, unlockingDraft } from '../evidence/support/request-story.ts';
import {
  codesOf,
  type Forge,
  type PaperConsortium,
  paperConsortium,
  signCheckpoint,
} from './support/paper-consortium.ts';

let world: PaperConsortium;
beforeEach(async () => {
  world = await paperConsortium();
});
afterEach(() => world.close());

/** Changes the entries that one node gives. */
function forgeEntries(org: string, change: (page: LogPage) => unknown): Forge {
  return (call) => (call.org === org && call.path === '/v1/log/entries' ? change(call.answer as LogPage) : call.answer);
}

function isRead(view: AuditView, org: string): boolean {
  return view.logs.find((log) => log.org === org)!.isRead;
}

describe('a node that shows two histories', () => {
  it('is found with both of its signatures where somebody else was shown another root', async () => {
    const heard = [await signCheckpoint('tax', 3, id('c'))];
    const view = await world.look({ heard });
    assert.deepEqual(codesOf(view), { FINDING_TWO_HISTORIES: 1 });
    const finding = view.findings.find(({ code }) => code === 'FINDING_TWO_HISTORIES')!;
    const roots = finding.proofs.flatMap((proof) =>
      proof.kind === 'checkpoint' ? [proof.signed.checkpoint.root] : [],
    );
    assert.equal(new Set(roots).size, 2);
  });

  it('is not accused by a checkpoint that it did not sign', async () => {
    const { checkpoint, keyEpoch } = await signCheckpoint('tax', 3, id('c'));
    const heard = [{ checkpoint, keyEpoch, signature: await testSigner('social').sign(new Uint8Array(3)) }];
    assert.deepEqual(codesOf(await world.look({ heard })), {});
  });

  it('is found where its newest checkpoint does not continue the last one, and nothing of it is taken in', async () => {
    await world.look();
    const before = world.context.archive.log('tax').frontier.size;
    const forged = await signCheckpoint('tax', before + 1, id('d'));
    await world.story.logs.tax.append([retiredDraft()]);
    world.forge = ({ org, path, answer }) => (org === 'tax' && path === '/v1/log/checkpoint' ? forged : answer);
    const view = await world.look();
    assert.deepEqual(codesOf(view), { FINDING_TWO_HISTORIES: 1 });
    assert.equal(world.context.archive.log('tax').frontier.size, before);
    world.forge = ({ answer }) => answer;
    assert.deepEqual(codesOf(await world.look()), { FINDING_TWO_HISTORIES: 1 }, 'what was found stays found');
  });

  it('is found where it anchored another root than its entries give', async () => {
    const { size } = world.story.logs.tax;
    await world.story.logs.tax.append([retiredDraft()]);
    await world.story.chain.mine([['evidence', 'CheckpointAnchored', [orgToBytes32('tax'), size + 1, `0x${id('d')}`]]]);
    const view = await world.look();
    assert.deepEqual(codesOf(view), { FINDING_TWO_HISTORIES: 1 });
    const kinds = view.findings.find(({ code }) => code === 'FINDING_TWO_HISTORIES')!.proofs.map(({ kind }) => kind);
    assert.deepEqual(kinds, ['receipt', 'checkpoint', 'computed']);
    assert.equal(isRead(view, 'tax'), false);
  });

  it('is found where the anchor comes after the entries were read', async () => {
    const { size } = world.story.logs.tax;
    await world.story.logs.tax.append([retiredDraft()]);
    await world.look();
    await world.story.chain.mine([['evidence', 'CheckpointAnchored', [orgToBytes32('tax'), size + 1, `0x${id('d')}`]]]);
    assert.deepEqual(codesOf(await world.look()), { FINDING_TWO_HISTORIES: 1 });
  });
});

describe('a log that was set back', () => {
  const shorter = async (size: number): Promise<Forge> => {
    const earlier = await world.story.logs.tax.checkpoint(size);
    return ({ org, path, query, answer }) =>
      org === 'tax' && path === '/v1/log/checkpoint' && !query.has('size') ? earlier : answer;
  };

  it('is found against what is anchored', async () => {
    world.forge = await shorter(2);
    assert.deepEqual(codesOf(await world.look()), { FINDING_LOG_REWOUND: 1 });
  });

  it('is found against what the regulator saw, though it was never anchored', async () => {
    const { size } = world.story.logs.tax;
    await world.story.logs.tax.append([retiredDraft()]);
    await world.look();
    world.forge = await shorter(size);
    const view = await world.look();
    assert.deepEqual(codesOf(view), { FINDING_LOG_REWOUND: 1 });
    const signed = view.findings
      .find(({ code }) => code === 'FINDING_LOG_REWOUND')!
      .proofs.filter(({ kind }) => kind === 'checkpoint');
    assert.equal(signed.length, 2, 'its word then and its word now');
  });

  it('is found where somebody else was shown more', async () => {
    const heard = [await signCheckpoint('tax', world.story.logs.tax.size + 5, id('d'))];
    assert.deepEqual(codesOf(await world.look({ heard })), { FINDING_LOG_REWOUND: 1 });
  });
});

describe('entries', () => {
  const cases: Readonly<Record<string, readonly [change: (page: LogPage) => unknown, codes: Record<string, number>]>> =
    {
      'with one in the middle replaced by its neighbour': [
        (page) => ({ ...page, entries: page.entries.map((entry, i) => (i === 3 ? page.entries[2] : entry)) }),
        { FINDING_LOG_ENTRIES: 1, FINDING_TWO_HISTORIES: 1 },
      ],
      'in another order': [
        (page) => ({ ...page, entries: [...page.entries].reverse() }),
        { FINDING_LOG_ENTRIES: 1, FINDING_TWO_HISTORIES: 1 },
      ],
      'without one in the middle': [
        (page) => ({ ...page, entries: page.entries.filter((_, i) => i !== 3) }),
        { FINDING_NODE_ANSWER: 1 },
      ],
      'without an end': [
        (page) => ({ ...page, entries: Array.from({ length: 256 }, (_, i) => page.entries[i % page.entries.length]) }),
        { FINDING_NODE_ANSWER: 1 },
      ],
      'with openings that open nothing': [
        (page) => ({
          ...page,
          entries: page.entries.map((entry, i) =>
            i === 3
              ? { ...entry, openings: { ...entry.openings, requestId: { salt: 'ab'.repeat(16), value: id('a') } } }
              : entry,
          ),
        }),
        { FINDING_EVENT_FIELDS: 1, FINDING_LOG_MISSING: 1 },
      ],
      'without openings': [
        (page) => ({ ...page, entries: page.entries.map(({ signed }) => ({ signed })) }),
        { FINDING_EVENT_WITHHELD: 1, FINDING_LOG_MISSING: 1 },
      ],
      'that are garbage': [() => ({ entries: 'all' }), { FINDING_NODE_ANSWER: 1 }],
      'of somebody else': [(page) => ({ ...page, org: 'social' }), { FINDING_NODE_ANSWER: 1 }],
    };
  for (const [name, [change, codes]] of Object.entries(cases)) {
    it(`${name} are found`, async () => {
      world.forge = forgeEntries('tax', change);
      const found = codesOf(await world.look());
      assert.deepEqual(Object.keys(found).sort(), Object.keys(codes).sort());
      assert.equal(codesOf(await world.look())['FINDING_NODE_UNREACHABLE'], undefined);
    });
  }

  it('of a signature that no registered key made are found, and do not lead to the root', async () => {
    world.forge = ({ org, path, query, answer }) => {
      if (org !== 'tax') return answer;
      if (path === '/v1/log/checkpoint') return answer;
      const page = answer as LogPage;
      return query.get('start') === '0'
        ? { ...page, entries: page.entries.map((entry) => ({ ...entry, signed: { ...entry.signed, keyEpoch: 7 } })) }
        : answer;
    };
    const found = codesOf(await world.look());
    assert.equal(found['FINDING_EVENT_SIGNATURE'], world.story.logs.tax.size);
    assert.equal(found['FINDING_LOG_ENTRIES'], 1);
  });
});

describe('a node', () => {
  it('that does not answer is found, and no longer once it does', async () => {
    world.forge = ({ org, answer }) => (org === 'tax' ? undefined : answer);
    assert.deepEqual(codesOf(await world.look()), { FINDING_NODE_UNREACHABLE: 1 });
    world.forge = ({ answer }) => answer;
    assert.deepEqual(codesOf(await world.look()), {});
  });

  it('that signs answers with another key than the registered one is not believed', async () => {
    world.epochs['tax'] = 2;
    assert.deepEqual(codesOf(await world.look()), { FINDING_NODE_ANSWER: 1 });
  });

  it('that signs with a replaced key is found, and what was anchored before is not', async () => {
    const early = codesOf(await world.look());
    await world.story.chain.mine([keysChanged('tax', 2)]);
    world.epochs['tax'] = 2;
    await world.story.logs.tax.append([retiredDraft()]);
    await world.story.anchor('tax');
    assert.deepEqual(early, {});
    assert.deepEqual(codesOf(await world.look()), { FINDING_KEY_REPLACED: 1 });
  });

  it('that anchors late is found, anchored or not', async () => {
    await world.story.logs.tax.append([retiredDraft()]);
    world.nowMs += 3_600_000;
    assert.deepEqual(codesOf(await world.look()), { FINDING_NOT_ANCHORED: 1 });
  });
});

describe('a gate that forges its meter in its own log', () => {
  const codesAfter = async (...drafts: EventDraft[]): Promise<Record<string, number>> => {
    await world.story.logs.bureau.append(drafts);
    return codesOf(await world.look());
  };

  it('is found over the quota', async () => {
    assert.deepEqual(await codesAfter(unlockingDraft(3, 6, 11)), { FINDING_OVER_QUOTA: 1 });
  });

  it('is not found within it', async () => {
    assert.deepEqual(await codesAfter(unlockingDraft(3, 5, 10)), {});
  });

  it('is found with a gap in the meter and in the lane', async () => {
    assert.deepEqual(await codesAfter(unlockingDraft(4, 1, 8)), { FINDING_UNLOCKS_GAP: 1, FINDING_UNLOCK_LANE: 1 });
  });

  it('is found where the chain was told of more than was logged', async () => {
    await world.story.chain.mine([['requests', 'UnlocksRecorded', [`0x${requestId}`, orgToBytes32('bureau'), 9]]]);
    assert.deepEqual(codesOf(await world.look()), { FINDING_UNLOCKS_UNLOGGED: 1 });
  });

  it('is found where the chain was not told in time', async () => {
    await world.story.logs.bureau.append([unlockingDraft(3, 1, 6)]);
    await world.story.anchor('bureau');
    world.nowMs += 3_000_000;
    assert.deepEqual(codesOf(await world.look()), { FINDING_UNLOCKS_LATE: 1 });
  });
});

describe('work outside a grant', () => {
  /** The comparison with the request revoked at `revokedMs` and the gate's last unlocking at `workMs`. */
  const codesWith = async (revokedMs: number, workMs: number): Promise<readonly string[]> => {
    const view = await world.look();
    const { facts } = world.context.archive;
    const revoked = {
      ...facts.at(-1)!.event,
      contract: 'requests',
      name: 'RequestRevoked',
      args: { id: requestId, org: 'tax', reasonHash: id('5') },
    } as LedgerEvent;
    const findings = new FindingList();
    const story = rebuildRequests([...facts, { event: revoked, timeMs: revokedMs }], world.nowMs, findings);
    const own = view.logs.flatMap(({ entries }) => entries.filter(({ fields }) => fields['requestId'] === requestId));
    const last = own.findLast(({ kind }) => kind === 'unlocking')!;
    const entries = new Map([[requestId, own.map((entry) => (entry === last ? { ...entry, timeMs: workMs } : entry))]]);
    const bounds = { ...world.context.bounds, stopMs: 10_000 };
    compareLogs({ story, facts, entries, others: [], readAfter: new Map(), bounds, nowMs: world.nowMs, findings });
    return findings.drafts.map(({ code }) => code);
  };

  it('is found after a revocation, and not within the time that it takes to hear of it', async () => {
    const revokedMs = startMs + 20_000;
    assert.ok((await codesWith(revokedMs, revokedMs + 11_000)).includes('FINDING_AFTER_GRANT'));
    assert.ok(!(await codesWith(revokedMs, revokedMs + 9_000)).includes('FINDING_AFTER_GRANT'));
  });

  it('is found before every grant was there', async () => {
    const revokedMs = startMs + 90_000;
    assert.ok((await codesWith(revokedMs, startMs - 60_000)).includes('FINDING_BEFORE_GRANT'));
  });

  it('is found where a stranger logs a computation, or an attempt that was never opened', async () => {
    const fields = { requestId, computationId: id('e'), attempt: 4, role: 'department', state: 'announced' } as const;
    await world.story.logs.tax.append([{ kind: 'computation', key: 'forged', fields }]);
    const found = codesOf(await world.look());
    assert.deepEqual(Object.keys(found).sort(), ['FINDING_COMPUTATION_ATTEMPT', 'FINDING_COMPUTATION_ORDER']);
  });

  it('is found where two participants name different computations', async () => {
    const fields = { requestId, computationId: id('f'), attempt: 1, role: 'department', state: 'announced' } as const;
    await world.story.logs.tax.append([{ kind: 'computation', key: 'forged', fields }]);
    assert.deepEqual(codesOf(await world.look()), { FINDING_COMPUTATIONS_DIFFER: 1 });
  });

  it('is found where a log has another decision than the chain', async () => {
    const fields = { requestId, decider: 'tax', approved: false, reason: 'policy.other', grantHash: id('4') };
    await world.story.logs.tax.append([{ kind: 'decision', key: 'forged', fields }]);
    assert.deepEqual(codesOf(await world.look()), { FINDING_LOG_DIFFERS: 1 });
  });

  it('is found where a dataset enters below the floor', async () => {
    const low = await paperConsortium({ qualityFloor: 9_900, scoreBasisPoints: 9_150 });
    try {
      assert.deepEqual(codesOf(await low.look()), { FINDING_BELOW_FLOOR: 2 });
    } finally {
      await low.close();
    }
  });
});
