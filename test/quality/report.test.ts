/** The report for people: whole in one file, in both languages, without a cell, and nothing in it runs. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { historyOf } from '@sealedger/node/quality/history.ts';
import { qualityReportSchema, reportHash } from '@sealedger/node/quality/report.ts';
import { trendChart } from '@sealedger/node/quality/report-chart.ts';
import { reportHtml } from '@sealedger/node/quality/report-html.ts';
import { startChromium } from '../evidence/support/chromium.ts';
import { assertFree } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { goodRows, openLoop, PLANTED, RULES } from './support/loop-fixture.ts';

const EVIL = '<img src=x onerror=alert(1)>';

async function reported(t: Parameters<typeof temporaryDirectory>[0]) {
  const loop = await openLoop(await temporaryDirectory(t), {
    plan: { units: { default: EVIL, byField: {}, byRule: {} } },
  });
  t!.after(loop.node.close);
  await writeFile(loop.rules, RULES.replace('A mobile number', `A <b>mobile</b> number`));
  await loop.write(goodRows().map((row, i) => (i === 0 ? { ...row, name: '', phone: PLANTED[0] } : row)));
  await loop.publish();
  await loop.run();
  loop.clock.move(1000);
  const { report } = await loop.run();
  const context = {
    timeZone: 'Asia/Shanghai',
    now: loop.clock.now(),
    history: await historyOf(loop.node.state, 'companies'),
    orders: await loop.orders.list(),
  };
  return { loop, report, page: (locale: 'en' | 'zh-CN') => reportHtml(report, { ...context, locale }) };
}

describe('a report', () => {
  it('says in both languages what was measured, and names its own digest', async (t) => {
    const { report, page } = await reported(t);
    for (const text of [
      'Data quality report',
      'Conformity',
      'phone-form',
      'not met',
      'as before',
      reportHash(report),
    ]) {
      assert.ok(page('en').includes(text), text);
    }
    for (const text of [
      '数据质量报告',
      '规范性',
      '完整性',
      '未达标',
      '手机号码应为 11 位数字',
      '整改工单',
      '与上次持平',
    ]) {
      assert.ok(page('zh-CN').includes(text), text);
    }
    assert.deepEqual(qualityReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
  });

  it('has no cell in it, loads nothing and lets nothing run', async (t) => {
    const { loop, report, page } = await reported(t);
    for (const html of [page('en'), page('zh-CN')]) {
      assertFree(html, PLANTED);
      assert.ok(!html.includes(EVIL) && html.includes('&lt;img'));
      assert.ok(!html.includes('<b>mobile'));
      assert.doesNotMatch(html, /<script|https?:\/\/|url\(|@import|<link|src=["']?[^x]/);
      assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
    }
    assertFree(JSON.stringify([report, loop.logged]), PLANTED);
  });

  it('draws any number of scores', () => {
    for (const count of [1, 2, 60]) {
      const points = Array.from({ length: count }, (_, i) => ({ label: `${i}`, basisPoints: (i * 997) % 10_001 }));
      const svg = trendChart(points, 'x');
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
      assert.equal(svg.match(/<circle/g)!.length, count);
    }
  });

  it('fits on paper in a browser', async (t) => {
    const browser = await startChromium();
    if (browser instanceof Error) {
      t.skip('no Chromium here: the report was NOT printed');
      return;
    }
    t.after(() => browser.close());
    const { loop, page } = await reported(t);
    const tab = await browser.newPage();
    const requested: string[] = [];
    tab.on('request', (request) => void requested.push(request.url()));
    for (const locale of ['en', 'zh-CN'] as const) {
      const file = join(loop.directory, `${locale}.html`);
      await writeFile(file, page(locale));
      await tab.goto(pathToFileURL(file).href);
      const wide = await tab.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
      assert.equal(wide, false, 'nothing is cut at the side');
      const pdf = await tab.pdf({ preferCSSPageSize: true });
      assert.equal(Buffer.from(pdf.subarray(0, 5)).toString(), '%PDF-');
    }
    assert.ok(requested.every((url) => url.startsWith('file:')));
  });
});
