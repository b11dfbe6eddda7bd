/** The verifier of one log, without any network: what a file of entries is worth. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import type { LogPageEntry } from '@sealedger/protocol/evidence/log-answers.ts';
import { FindingList } from '@sealedger/sdk/audit/findings.ts';
import { type AuditedMember, membersOf } from '@sealedger/sdk/audit/members.ts';
import { DEFAULT_BOUNDS } from '@sealedger/sdk/audit/ports.ts';
import { checkTimes } from '@sealedger/sdk/audit/timeliness.ts';
import { type AuditedEntry, EMPTY_FRONTIER, type LogVerification, verifyLog } from '@sealedger/sdk/audit/verify-log.ts';
import { nativeEd25519, nativeSha256 } from '@sealedger/sdk/cli/native.ts';
import { startMs } from '../evidence/support/log-fixture.ts';
import { type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

let world: PaperConsortium;
let entries: LogPageEntry[];
let checkpoint: SignedCheckpoint;
let member: AuditedMember;
before(async () => {
  world = await paperConsortium();
  await world.look();
  const log = world.story.logs.bureau;
  const read = Array.from({ length: log.size }, async (_, i) => {
    const { signed, openings } = await log.eventAt(i);
    return { signed, openings };
  });
  entries = await Promise.all(read);
  checkpoint = await log.checkpoint();
  member = membersOf(world.context.archive.facts.map(({ event }) => event)).get('bureau')!;
});
after(() => world.close());

function verify(given: readonly LogPageEntry[], frontier = EMPTY_FRONTIER): LogVerification {
  return verifyLog({ org: 'bureau', member, frontier, entries: given, checkpoint, anchors: [] });
}

function codesOf({ findings }: { readonly findings: FindingList }): readonly string[] {
  return [...new Set(findings.drafts.map(({ code }) => code))];
}

describe('the verifier of a log', () => {
  it('gives the same with portable and with native primitives', () => {
    const native = { ed25519: nativeEd25519, sha256: nativeSha256 };
    const portable = verify(entries);
    const fast = verifyLog({
      org: 'bureau',
      member,
      frontier: EMPTY_FRONTIER,
      entries,
      checkpoint,
      anchors: [],
      ...native,
    });
    assert.ok(portable.isWhole && fast.isWhole);
    assert.deepEqual(portable.entries, fast.entries);
    assert.deepEqual(portable.frontier, fast.frontier);
  });

  it('goes on from any frontier', () => {
    for (let cut = 1; cut < entries.length; cut++) {
      const first = verify(entries.slice(0, cut));
      assert.equal(first.isWhole, false);
      const rest = verifyLog({
        org: 'bureau',
        member,
        frontier: first.frontier,
        entries: entries.slice(cut),
        checkpoint,
        anchors: [],
      });
      assert.ok(rest.isWhole, String(cut));
    }
  });

  it('refuses every entry dropped, doubled or swapped', () => {
    for (const index of entries.keys()) {
      const dropped = entries.filter((_, i) => i !== index);
      const doubled = [...entries.slice(0, index), entries[index]!, ...entries.slice(index)];
      const swapped = entries.map((entry, i) => entries[i === index ? i + 1 : i === index + 1 ? index : i] ?? entry);
      for (const given of [dropped, doubled, ...(index + 1 < entries.length ? [swapped] : [])]) {
        assert.ok(codesOf(verify(given)).includes('FINDING_LOG_ENTRIES'), String(index));
      }
    }
  });

  it('takes no entry of another organisation, and no key that is not registered', () => {
    const foreign = entries.map(({ signed, openings }) => ({
      signed: { ...signed, event: { ...signed.event, source: 'urn:sealedger:org:tax' } },
      openings: openings!,
    }));
    assert.deepEqual([...codesOf(verify(foreign))].sort(), [
      'FINDING_EVENT_FOREIGN',
      'FINDING_EVENT_SIGNATURE',
      'FINDING_LOG_ENTRIES',
    ]);
    const nobody = verifyLog({
      org: 'bureau',
      member: undefined,
      frontier: EMPTY_FRONTIER,
      entries,
      checkpoint,
      anchors: [],
    });
    assert.deepEqual(codesOf(nobody), ['FINDING_EVENT_SIGNATURE']);
  });

  it('tells the first hundred of findings that are alike, and how many more there are', () => {
    const list = new FindingList();
    for (let n = 0; n < 130; n++) {
      list.add({ code: 'FINDING_EVENT_TIME', org: 'tax', requestId: null, about: `#${n}`, details: {} });
    }
    assert.equal(list.drafts.length, 101);
    assert.deepEqual(list.drafts.at(-1)!.details, { code: 'FINDING_EVENT_TIME', count: 30 });
  });
});

describe('the times of a log', () => {
  const check = (
    change: (entry: AuditedEntry, index: number) => AuditedEntry,
    nowMs = startMs + 60_000,
  ): readonly string[] => {
    const findings = new FindingList();
    const own = verify(entries).entries.map(change);
    checkTimes({ member, entries: own, anchors: [], timeOf: () => undefined, bounds: DEFAULT_BOUNDS, nowMs }, findings);
    return codesOf({ findings });
  };

  it('may stand still, and may not go back or ahead', () => {
    assert.deepEqual(
      check((entry) => entry),
      [],
    );
    assert.deepEqual(
      check((entry, i) => (i === 3 ? { ...entry, timeMs: entry.timeMs - 60_000 } : entry)),
      ['FINDING_EVENT_TIME'],
    );
    assert.deepEqual(
      check((entry) => ({ ...entry, timeMs: entry.timeMs + 3_600_000 })),
      ['FINDING_EVENT_TIME'],
    );
  });

  it('show an event that stands twice', () => {
    assert.deepEqual(
      check((entry, i, all = verify(entries).entries) => (i === 3 ? { ...entry, signed: all[2]!.signed } : entry)),
      ['FINDING_EVENT_TWICE'],
    );
  });

  it('show work of a suspended organisation', () => {
    const place = { blockNumber: 1, blockHash: '', transactionHash: '', transactionIndex: 0, logIndex: 0 };
    const suspended = { ...member, suspensions: [{ from: place, to: null }] };
    const findings = new FindingList();
    const times = {
      member: suspended,
      entries: verify(entries).entries,
      anchors: [],
      bounds: DEFAULT_BOUNDS,
      nowMs: startMs,
    };
    checkTimes({ ...times, timeOf: () => startMs - 60_000 }, findings);
    assert.deepEqual(codesOf({ findings }), ['FINDING_WHILE_SUSPENDED']);
    const before = new FindingList();
    checkTimes({ ...times, timeOf: () => startMs + 60_000 }, before);
    assert.deepEqual(codesOf({ findings: before }), []);
  });
});
