/** A look at an honest consortium from inside a real browser, which has nothing of Node: the view is the one of Node. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { build } from 'esbuild';
import { startChromium } from '../evidence/support/chromium.ts';
import { codesOf, type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

/** What the page gives back of its view, as JSON. */
type Seen = {
  readonly findings: readonly { readonly code: string }[];
  readonly logs: readonly { readonly org: string; readonly isRead: boolean; readonly events: number }[];
  readonly provenTo: number | null;
  readonly phases: readonly string[];
};
type Given = {
  readonly org: string;
  readonly signing: string;
  readonly trust: unknown;
  readonly bounds: unknown;
  readonly nowMs: number;
};
type Audit = Pick<typeof import('@sealedger/sdk/audit/look.ts'), 'lookOnce'> &
  Pick<typeof import('@sealedger/sdk/audit/archive.ts'), 'Archive'>;
type PageScope = typeof globalThis & {
  readonly audit: Audit;
  readonly askChain: (method: string, params: unknown[]) => Promise<unknown>;
  readonly askNode: (
    url: string,
    headers: unknown,
  ) => Promise<{ status: number; headers: [string, string][]; text: string }>;
};

let world: PaperConsortium;
before(async () => {
  world = await paperConsortium();
});
after(() => world.close());

/** The audit as one script for browsers: the build fails where it would need a module of Node. */
async function auditScript(): Promise<string> {
  const contents = `export { lookOnce } from './look.ts'; export { Archive } from './archive.ts';`;
  const resolveDir = fileURLToPath(new URL('../../sdk/audit/', import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'audit',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** Runs in the page. */
async function lookInPage({ org, signing, trust, bounds, nowMs }: Given): Promise<Seen> {
  const { audit, askChain, askNode } = globalThis as PageScope;
  const values = new Map<string, Uint8Array>();
  const store = {
    get: async (key: string) => values.get(key),
    put: async (key: string, value: Uint8Array) => void values.set(key, value),
  };
  const pins = trust as Parameters<typeof audit.Archive.open>[1];
  const view = await audit.lookOnce({
    org,
    signing: Uint8Array.from(signing.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
    trust: pins,
    rpc: { request: (method: string, params: readonly unknown[]) => askChain(method, [...params]) },
    archive: await audit.Archive.open(store, pins),
    bounds: bounds as Parameters<typeof audit.lookOnce>[0]['bounds'],
    confirmations: 0,
    ports: {
      fetch: () => Promise.reject(new TypeError('no node is on loopback')),
      // the page's own bridge stands where a browser has nothing that looks at certificates
      pinnedFetch: async (url, init) => {
        const answer = await askNode(url, init.headers);
        return new Response(answer.text, { status: answer.status, headers: answer.headers });
      },
      clock: { now: () => nowMs, sleep: async () => undefined },
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      store,
    },
  });
  return {
    findings: view.findings.map(({ code }) => ({ code })),
    logs: view.logs.map((log) => ({ org: log.org, isRead: log.isRead, events: log.entries.length })),
    provenTo: view.provenTo,
    phases: [...view.story.requests.values()].map(({ phase }) => phase),
  };
}

test('the audit looks, verifies and finds in a browser as in Node', async (t) => {
  const script = await auditScript();
  const browser = await startChromium();
  if (browser instanceof Error) {
    process.stderr.write(`SKIPPED, no Chromium starts here: ${browser.message}\n`);
    t.skip(`no Chromium starts here: ${browser.message}`);
    return;
  }
  t.after(() => browser.close());
  const { context } = world;
  const page = await browser.newPage();
  await page.exposeFunction('askChain', (method: string, params: unknown[]) => context.rpc.request(method, params));
  await page.exposeFunction('askNode', async (url: string, headers: Record<string, string>) => {
    const answer = await context.ports.fetch(url, { method: 'GET', headers });
    return { status: answer.status, headers: [...answer.headers], text: await answer.text() };
  });
  await page.addScriptTag({ content: script });
  const given: Given = {
    org: context.org,
    signing: toHex(context.signing),
    trust: context.trust,
    bounds: context.bounds,
    nowMs: world.nowMs,
  };
  const seen = await page.evaluate(lookInPage, given);
  const here = await world.look();
  assert.deepEqual(
    seen.logs,
    here.logs.map(({ org, isRead, entries }) => ({ org, isRead, events: entries.length })),
  );
  assert.ok(seen.logs.every(({ isRead }) => isRead));
  assert.deepEqual([seen.provenTo, seen.phases], [here.head.number, ['active']]);
  assert.deepEqual(
    seen.findings.map(({ code }) => code),
    here.findings.map(({ code }) => code),
  );
  assert.deepEqual(codesOf(here), {});
  world.forge = ({ org, path, answer }) =>
    org === 'tax' && path === '/v1/log/entries' ? { ...(answer as object), entries: [] } : answer;
  const refused = await page.evaluate(lookInPage, given);
  assert.ok(
    refused.findings.some(({ code }) => !seen.findings.some((one) => one.code === code)),
    'the forged page is found',
  );
  assert.equal(refused.logs.find(({ org }) => org === 'tax')?.isRead, false);
});
