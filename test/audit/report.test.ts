/** The report's figures against counts made another way, and its three forms against hostile names. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import { resultLeaf, resultRoot } from '@sealedger/protocol/result.ts';
import { findRelease, findRequests } from '@sealedger/sdk/audit/find.ts';
import type { AuditView } from '@sealedger/sdk/audit/look.ts';
import { DEFAULT_BOUNDS } from '@sealedger/sdk/audit/ports.ts';
import { type AuditReport, reportOf } from '@sealedger/sdk/audit/report.ts';
import { escapeCell, reportCsv } from '@sealedger/sdk/audit/report-csv.ts';
import { reportHtml } from '@sealedger/sdk/audit/report-html.ts';
import type { ReportTable } from '@sealedger/sdk/audit/report-table.ts';
import { reportText } from '@sealedger/sdk/audit/report-text.ts';
import { openRelease, type ReleaseOpening } from '@sealedger/sdk/release-opening.ts';
import { startMs } from '../evidence/support/log-fixture.ts';
import { requestId } from '../evidence/support/request-story.ts';
import { subjectOf } from '../node/support/subjects.ts';
import { type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

const SALT = 'ab'.repeat(16);
const scores = [1, 2, 3].map((n) => ({
  subject: subjectOf(n),
  status: 'scored' as const,
  score: String(100 + n),
  salt: SALT,
}));
let world: PaperConsortium;
let view: AuditView;
before(async () => {
  world = await paperConsortium();
  const leaves = scores.map(({ salt, ...score }) => resultLeaf(score, Buffer.from(salt, 'hex')));
  await world.story.chain.mine([
    [
      'evidence',
      'ResultCommitted',
      [orgToBytes32('bank'), `0x${requestId}`, 2, `0x${toHex(resultRoot(leaves))}`, leaves.length],
    ],
  ]);
  view = await world.look();
});
after(() => world.close());

function report(period = { fromMs: startMs, toMs: startMs + 3_600_000 }, bounds = DEFAULT_BOUNDS): AuditReport {
  return reportOf(view, { org: 'regulator', period, bounds, locale: 'en' });
}

function rowsOf(name: ReportTable['name'], from = report()): readonly (readonly unknown[])[] {
  return from.tables.find((table) => table.name === name)!.rows;
}

describe('a report', () => {
  it('counts requests, decisions and unlockings of the period', () => {
    assert.deepEqual(rowsOf('requesters'), [['bank', 1, 1, 0, 0, 5]]);
    assert.deepEqual(rowsOf('purposes'), [['credit-scoring', 1, 1, 0, 0, 5]]);
    assert.deepEqual(
      rowsOf('decisions').map((row) => row.slice(0, 5)),
      ['bureau', 'social', 'tax'].map((org) => [org, 1, 0, 0, 0]),
    );
    assert.deepEqual(rowsOf('unlockings'), [[requestId.slice(0, 12), 'bureau', 10, 5, 5, 8]]);
    assert.equal(rowsOf('datasets').length, 3);
  });

  it('counts nothing in a period in which nothing happened', () => {
    const empty = report({ fromMs: startMs - 2000, toMs: startMs - 1000 });
    assert.equal(empty.totals.requests, 0);
    assert.deepEqual(rowsOf('requests', empty), []);
  });

  it('names answers that took longer than the bound, and only those', () => {
    assert.equal(rowsOf('overdue').length, 0);
    assert.equal(rowsOf('overdue', report(undefined, { ...DEFAULT_BOUNDS, decisionMs: 1 })).length, 3);
  });

  it('is complete in both languages, as text and as a page', () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      const localised = reportOf(view, { org: 'regulator', period: report().period, bounds: DEFAULT_BOUNDS, locale });
      const html = reportHtml(localised, locale);
      assert.match(html, new RegExp(`<html lang="${locale}">`));
      assert.doesNotMatch(html + reportText(localised, locale), /\{\w+\}(?![^<]*<\/style>)|TRAIL_|<script|https?:/);
      assert.match(reportText(localised, locale), /bureau/);
    }
  });
});

describe('names that a member chose', () => {
  const hostile = '=HYPERLINK("http://evil.test","x")';
  const evil = (): AuditReport => {
    const table: ReportTable = {
      name: 'purposes',
      columns: ['purpose', 'requests'],
      rows: [
        [hostile, 1],
        ['<img src=x onerror=alert(1)>', 2],
      ],
    };
    return { ...report(), tables: [table] };
  };

  it('are no formula in the CSV, which every reader of RFC 4180 reads back', () => {
    const lines = reportCsv(evil()).split('\r\n');
    const line = lines.find((one) => one.includes('HYPERLINK'))!;
    assert.equal(line, `purposes,"'=HYPERLINK(""http://evil.test"",""x"")",requests,1`);
    for (const start of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1', '|cmd']) {
      assert.match(escapeCell(start), /^"?'/, JSON.stringify(start));
    }
    for (const harmless of ['tax', '12.5', 'a-b', '2026-11-21T00:00:00.000Z', ''])
      assert.equal(escapeCell(harmless), harmless);
  });

  it('are text in the page', () => {
    const html = reportHtml(evil(), 'en');
    assert.ok(!html.includes('<img') && html.includes('&lt;img src=x'));
  });
});

describe('finding requests', () => {
  const found = (query: Parameters<typeof findRequests>[1]): number => findRequests(view, query).length;

  it('goes by organisation, requester, purpose, dataset and time', () => {
    for (const query of [
      {},
      { org: 'tax' },
      { org: 'bureau' },
      { requester: 'bank' },
      { purpose: 'credit-scoring' },
      { dataset: 'people' },
      { dataset: 'tax/people' },
      { dataset: 'tax/people/1' },
      { fromMs: startMs, toMs: startMs + 60_000 },
      { org: 'tax', requester: 'bank', purpose: 'credit-scoring', fromMs: startMs },
    ]) {
      assert.equal(found(query), 1, JSON.stringify(query));
    }
    for (const query of [
      { org: 'court' },
      { requester: 'tax' },
      { purpose: 'credit' },
      { dataset: 'tax/people/2' },
      { toMs: startMs },
      { org: 'tax', requester: 'court' },
    ]) {
      assert.equal(found(query), 0, JSON.stringify(query));
    }
  });
});

describe('a released score', () => {
  const stored = scores.map((score) => ({ ...score, salt: SALT }));
  const opening = async (): Promise<ReleaseOpening> => {
    const store = {
      get: async (key: string) => (key === `result/${requestId}/1` ? utf8(JSON.stringify(stored)) : undefined),
      put: async () => undefined,
    };
    return (await openRelease(store, requestId, subjectOf(2)))!;
  };

  it('is found by who holds its opening', async () => {
    const release = findRelease(view, await opening())!;
    assert.deepEqual([release.requestId, release.org, release.batch, release.count], [requestId, 'bank', 2, 3]);
  });

  it('is not found with another identifier, salt, score or place', async () => {
    const right = await opening();
    for (const change of [
      { subject: subjectOf(3) },
      { salt: 'cd'.repeat(16) },
      { score: '999' },
      { index: 0 },
      { size: 4 },
      { status: 'not-in-register' as const },
      { proof: right.proof.slice(1) },
    ]) {
      assert.equal(findRelease(view, { ...right, ...change }), null, Object.keys(change)[0]);
    }
  });

  it('that was never unlocked has no opening', async () => {
    const empty = { get: async () => undefined, put: async () => undefined };
    assert.equal(await openRelease(empty, requestId, subjectOf(2)), null);
  });
});
