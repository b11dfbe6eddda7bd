/** The verifier as a page in a real browser: the same verdict and claims as in Node, from a file, with no network. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import type { Locale } from '@sealedger/protocol/messages/catalogue.ts';
import { type Summary, summarise, summariseUnreadable } from '@sealedger/sdk/verify/summary.ts';
import { claimsOfUnreadable, verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import type { Browser, ElementHandle, Page } from 'puppeteer-core';
import { buildVerifierPage } from '../../scripts/build-verifier-page.ts';
import { startChromium } from './support/chromium.ts';
import { temporaryDirectory } from './support/log-fixture.ts';
import { type Story, tellStory, versionSubject } from './support/request-story.ts';

const TIMEOUT_MS = 60_000;
/** What issue 3 allows a bundle of one request. */
const VERIFY_MS = 2_000;

let story: Story;
let browser: Browser | Error;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let address: string;

before(async () => {
  story = await tellStory();
  directory = await temporaryDirectory();
  const page = join(directory.path, 'verify.html');
  await writeFile(page, await buildVerifierPage());
  address = pathToFileURL(page).href;
  await file('trust.json', JSON.stringify(story.trust));
  browser = await startChromium();
});
after(async () => {
  if (!(browser instanceof Error)) await browser.close();
  await story.close();
  await directory.remove();
});

async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(directory.path, name);
  await writeFile(path, text);
  return path;
}

type OpenPage = { readonly page: Page; readonly requests: readonly string[]; readonly errors: readonly string[] };

/** The page from its file, with every request that it makes and every error that it throws; null where no browser starts. */
async function open(t: TestContext): Promise<OpenPage | null> {
  if (browser instanceof Error) {
    process.stderr.write(`SKIPPED, no Chromium starts here: ${browser.message}\n`);
    t.skip(`no Chromium starts here: ${browser.message}`);
    return null;
  }
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  t.after(() => context.close());
  const [requests, errors]: [string[], string[]] = [[], []];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(address);
  await page.evaluate((label) => {
    const found = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === label);
    found?.click();
  }, 'English');
  return { page, requests, errors };
}

async function give(page: Page, field: 'bundles' | 'trust', ...paths: readonly string[]): Promise<void> {
  const input = (await page.waitForSelector(`#${field}`, { timeout: TIMEOUT_MS })) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(...paths);
}

type Shown = { readonly verdict: string; readonly claims: readonly string[]; readonly text: string };

async function results(page: Page, count = 1): Promise<readonly Shown[]> {
  await page.waitForFunction((n) => document.querySelectorAll('article').length === n, { timeout: TIMEOUT_MS }, count);
  return page.evaluate(() =>
    [...document.querySelectorAll('article')].map((article) => ({
      verdict: article.dataset['verdict'] ?? '',
      claims: [...article.querySelectorAll('li')].map(
        (li) => `${li.dataset['status']} ${li.dataset['code']} ${li.querySelector('details > p')?.textContent ?? ''}`,
      ),
      text: article.textContent ?? '',
    })),
  );
}

/** What Node says of the same text, in the form of {@link results}. */
function inNode(text: string, locale: Locale = 'en'): { readonly verdict: string; readonly claims: readonly string[] } {
  const { verdict, sections } = summaryInNode(text, locale);
  const claims = sections.flatMap(({ kind, groups }) =>
    groups.map(({ code, about }) => `${kind} ${code} ${about.join(', ')}`),
  );
  return { verdict, claims };
}

function summaryInNode(text: string, locale: Locale): Summary {
  try {
    return summarise(verifyBundleText(text, story.trust), locale);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return summariseUnreadable(claimsOfUnreadable(error, locale), locale);
  }
}

test('a good and a tampered bundle get the verdict and the claims that Node gives, and nothing leaves the page', async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page, requests, errors } = opened;
  const good = bundleText(await story.bundle());
  const tampered = good.replace(/"signature":"(.)/, (_, digit) => `"signature":"${digit === '0' ? '1' : '0'}`);
  const torn = good.slice(0, -20);
  await give(page, 'trust', join(directory.path, 'trust.json'));
  for (const [name, text, verdict] of [
    ['good.json', good, 'holds'],
    ['tampered.json', tampered, 'fails'],
    ['torn.json', torn, 'unreadable'],
  ] as const) {
    await give(page, 'bundles', await file(name, text));
    await page.waitForFunction(
      (n) => document.querySelector('article h2')?.textContent === n,
      { timeout: TIMEOUT_MS },
      name,
    );
    const [shown] = await results(page);
    assert.equal(shown?.verdict, verdict);
    assert.deepEqual({ verdict: shown.verdict, claims: shown.claims }, inNode(text));
  }
  assert.deepEqual(requests, [address]);
  assert.deepEqual(errors, []);
});

test('several files, in both languages, with a word on what was withheld', async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page, errors } = opened;
  const withheld = bundleText(await story.bundle(undefined, { withhold: (_, field) => field === 'reason' }));
  await give(
    page,
    'bundles',
    await file('one.json', withheld),
    await file('two.json', bundleText(await story.bundle(versionSubject))),
  );
  await page.waitForFunction(() => document.body.textContent?.includes('trust file is missing'), {
    timeout: TIMEOUT_MS,
  });
  await give(page, 'trust', join(directory.path, 'trust.json'));
  const english = await results(page, 2);
  assert.deepEqual(
    english.map(({ verdict }) => verdict),
    ['holds', 'holds'],
  );
  assert.match(english[0]!.text, /3 fields are withheld: decision\.reason ×3/);
  assert.match(english[1]!.text, /its publication and 1 quality scores; the newest is 91\.50 %/);
  await page.evaluate(() => document.querySelector<HTMLButtonElement>('button[lang="zh-CN"]')?.click());
  const chinese = await results(page, 2);
  assert.match(chinese[0]!.text, /成立/);
  assert.match(chinese[0]!.text, /3 个字段被隐去/);
  assert.deepEqual(errors, []);
});

test('what is no trust file is refused, and nothing is verified by it', async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page } = opened;
  const bundle = await file('bundle.json', bundleText(await story.bundle()));
  await give(page, 'bundles', bundle);
  await give(page, 'trust', bundle);
  await page.waitForSelector('.wrong', { timeout: TIMEOUT_MS });
  assert.equal(await page.$('article'), null);
  assert.match(
    await page.$eval('.wrong', ({ textContent }) => textContent ?? ''),
    /bundle\.json is not what is asked for/,
  );
});

test('a text in a file never becomes part of the page', async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page, requests } = opened;
  await give(page, 'trust', join(directory.path, 'trust.json'));
  await give(
    page,
    'bundles',
    await file('<img src=x onerror=alert(1)>.json', '{"format":"<img src=x onerror=alert(1)>"}'),
  );
  const [shown] = await results(page);
  assert.equal(shown?.verdict, 'unreadable');
  assert.equal(await page.$('article img'), null);
  assert.deepEqual(requests, [address]);
});

test('its policy forbids every connection, even to a script that got in', async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page } = opened;
  const outcomes = await page.evaluate(async () => {
    const tried = await Promise.allSettled([
      fetch('http://127.0.0.1:9/'),
      new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = resolve;
        image.onerror = () => reject(new Error('refused'));
        image.src = 'http://127.0.0.1:9/x.png';
      }),
    ]);
    return tried.map(({ status }) => status);
  });
  assert.deepEqual(outcomes, ['rejected', 'rejected']);
});

test('it keeps its last state where the person wants it, and reports a rewound log', async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page } = opened;
  await give(page, 'trust', join(directory.path, 'trust.json'));
  await page.click('#remember');
  await give(page, 'bundles', await file('first.json', bundleText(await story.bundle())));
  await results(page);
  const kept = await page.evaluate(() => Object.entries(localStorage));
  assert.equal(kept.length, 1);
  assert.match(kept[0]![0], /^sealedger\/last-state\/31337\//);
  await page.evaluate(() => {
    for (const [key, text] of Object.entries(localStorage)) {
      localStorage.setItem(key, String(text).replace(/"root": "../g, '"root": "ff'));
    }
  });
  await give(page, 'bundles', await file('second.json', bundleText(await story.bundle())));
  await page.waitForFunction(() => document.querySelector('article h2')?.textContent === 'second.json', {
    timeout: TIMEOUT_MS,
  });
  const [shown] = await results(page);
  assert.equal(shown?.verdict, 'fails');
  assert.ok(shown.claims.some((claim) => claim.startsWith('fails LOG_CONTINUES')));
  assert.match(shown.text, /two histories/);
  await page.click('#forget');
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
});

test(`a bundle of one request verifies in the page in ${VERIFY_MS} ms`, async (t) => {
  const opened = await open(t);
  if (opened === null) return;
  const { page } = opened;
  await give(page, 'trust', join(directory.path, 'trust.json'));
  const path = await file('timed.json', bundleText(await story.bundle()));
  // Only what the page itself does counts, not the way of the file into it.
  const before = (await page.metrics()).TaskDuration ?? 0;
  await give(page, 'bundles', path);
  await results(page);
  const spentMs = 1000 * (((await page.metrics()).TaskDuration ?? 0) - before);
  t.diagnostic(`${spentMs.toFixed(0)} ms of the page`);
  assert.ok(spentMs > 0 && spentMs < VERIFY_MS, `${spentMs} ms`);
});
