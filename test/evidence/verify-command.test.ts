import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { runVerifyCommand } from '@sealedger/sdk/cli/verify-command.ts';
import { batchSubject, retiredDraft, type Story, tellStory } from './support/request-story.ts';

let story: Story;
const files = new Map<string, string>();
before(async () => {
  story = await tellStory();
  const bundle = await story.bundle();
  const text = bundleText(bundle);
  files.set('request.json', text);
  files.set('batch.json', bundleText(await story.bundle(batchSubject)));
  files.set('trust.json', JSON.stringify(story.trust));
  files.set('tampered.json', text.replace('"approved":', '"approvee":'));
  files.set('silent.json', bundleText({ ...bundle, statements: bundle.statements.slice(1) }));
  files.set('noise.json', '{"format":');
});
after(() => story.close());

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await runVerifyCommand(argv, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    readFile: async (path) => {
      const text = files.get(path);
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    writeFile: async (path, text) => {
      files.set(path, text);
    },
    locale: 'en',
  });
  return { code, stdout, stderr };
}

test('exit 0 where every file holds', async () => {
  const { code, stdout, stderr } = await run('request.json', 'batch.json', '--trust', 'trust.json');
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^request\.json: HOLDS\n/);
  assert.match(stdout, /The life of request a{64}; it is active\./);
  assert.match(stdout, /No field is withheld\./);
  assert.match(stdout, /\[COMPUTATION_CORRECT\]\n +request\n +No file shows it/);
});

test('exit 1 where one fails, with the claim and the reason, in the language asked for', async () => {
  const { code, stdout } = await run('request.json', 'silent.json', '--trust', 'trust.json');
  assert.equal(code, 1);
  assert.match(stdout, /silent\.json: DOES NOT HOLD/);
  assert.match(
    stdout,
    /What fails\n {2}✗ +1× {2}.*\[PARTS_PRESENT\]\n +bureau\n +The part of bureau is not in the file/,
  );
  const chinese = await run('silent.json', '--trust', 'trust.json', '--lang', 'zh-CN');
  assert.match(chinese.stdout, /不成立/);
  assert.match(chinese.stdout, /文件缺少 bureau 的部分/);
});

test('exit 2 without trust, and where something cannot be read', async () => {
  const without = await run('request.json');
  assert.equal(without.code, 2);
  assert.match(without.stderr, /VERIFY_NO_TRUST/);
  for (const argv of [
    ['--trust', 'trust.json'],
    ['request.json', '--trust', 'absent.json'],
    ['request.json', '--trust', 'request.json'],
    ['absent.json', '--trust', 'trust.json'],
    ['noise.json', 'request.json', '--trust', 'trust.json'],
    ['request.json', '--trust', 'trust.json', '--lang', 'fr'],
    ['request.json', '--trust', 'trust.json', '--unknown'],
  ]) {
    const { code, stderr } = await run(...argv);
    assert.equal(code, 2, argv.join(' '));
    assert.notEqual(stderr, '', argv.join(' '));
  }
});

test('--json is one document with every claim', async () => {
  const { code, stdout } = await run('request.json', 'tampered.json', 'noise.json', '--trust', 'trust.json', '--json');
  assert.equal(code, 2);
  const { results } = JSON.parse(stdout) as {
    results: { verdict: string; claims?: { code: string; status: string }[] }[];
  };
  assert.deepEqual(
    results.map(({ verdict }) => verdict),
    ['holds', 'fails', 'unreadable'],
  );
  assert.ok(results[1]!.claims!.some(({ code: claim, status }) => claim === 'EVENT_SIGNED' && status === 'fails'));
});

test('--state keeps the last state, and continues from it', async () => {
  const argv = ['request.json', '--trust', 'trust.json', '--state', 'state.json'];
  assert.equal((await run(...argv)).code, 0);
  const state = JSON.parse(files.get('state.json')!) as Record<string, { size: number }>;
  assert.deepEqual(Object.keys(state).sort(), ['bureau', 'social', 'tax']);
  await story.logs.tax.append([retiredDraft()]);
  await story.anchor('tax');
  files.set('grown.json', bundleText(await story.bundle()));
  const grown = await run('grown.json', '--trust', 'trust.json', '--state', 'state.json');
  assert.equal(grown.code, 1);
  assert.match(grown.stdout, /LOG_CONTINUES/);
  files.set('split.json', JSON.stringify({ ...state, tax: { size: state['tax']!.size, root: '0'.repeat(64) } }));
  const split = await run('request.json', '--trust', 'trust.json', '--state', 'split.json');
  assert.equal(split.code, 1);
  assert.match(split.stdout, /two histories/);
});

/** The story's chain over HTTP; `forge` may answer in its place. */
async function rpcUrl(t: TestContext, forge: (method: string, answer: unknown) => unknown): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id, method, params } = JSON.parse(text) as { id: number; method: string; params: unknown[] };
    const result = forge(method, await story.chain.rpc.request(method, params));
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('--rpc: what a chain took back advances no state; whose word that is stands beside the claim', async (t) => {
  const replaced = await rpcUrl(t, (method, answer) => {
    const block = answer as { number?: string } | null;
    const isLater = method === 'eth_getBlockByNumber' && block?.number !== undefined && block.number !== '0x0';
    return isLater ? { ...block, hash: `0x${'ab'.repeat(32)}` } : answer;
  });
  const argv = ['request.json', '--trust', 'trust.json', '--state', 'fresh.json'];
  const lied = await run(...argv, '--rpc', replaced);
  assert.equal(lied.code, 1);
  assert.match(lied.stdout, /\[NOTHING_LATER\]/);
  assert.equal(files.get('fresh.json'), '{}\n');
  const honest = await run(...argv, '--rpc', await rpcUrl(t, (_, answer) => answer));
  assert.equal(honest.code, 0, honest.stdout);
  assert.match(honest.stdout, /by the word of the RPC that is asked {2}\[NOTHING_LATER\]/);
  assert.notEqual(files.get('fresh.json'), '{}\n');
});
