/** Keystores and passphrases as files, descriptors and typed keys: what is opened, what is refused, and with which code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, open, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CommandIo } from '@sealedger/node/cli/command.ts';
import { keysCommand } from '@sealedger/node/cli/keys-command.ts';
import { readConfig } from '@sealedger/node/config.ts';
import { createKeystore, openKeystore } from '@sealedger/node/keys/keystore.ts';
import { startNode } from '@sealedger/node/node.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { LEAST_KEYSTORE_COST, promotedKeys, withNextKeys } from '@sealedger/protocol/keystore.ts';
import { writeKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import { placeOf, readNewPassphrase, readPassphrase, type Terminal } from '@sealedger/transport/secret-input.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from './support/keystores.ts';

const refused = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;
const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url));

async function made(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const path = join(directory, 'keystore.json');
  const keystore = await createKeystore(path, 'tax', TEST_PASSPHRASE, LEAST_KEYSTORE_COST);
  return { directory, path, keystore };
}

/** A node's configuration in a directory; no chain answers at its address. */
async function nodeConfig(directory: string, org = 'tax'): Promise<string> {
  const file = join(directory, 'node.json');
  const own = { org, dataDir: '.', port: 0, endpoint: 'http://127.0.0.1:1/', rpcUrl: 'http://127.0.0.1:9' };
  await writeFile(file, JSON.stringify({ ...own, deployment: 'deployment.json' }));
  return file;
}

/** A terminal at which somebody types. */
function typing(...chunks: readonly string[]): Terminal & { readonly shown: string[]; readonly raw: boolean[] } {
  const shown: string[] = [];
  const raw: boolean[] = [];
  let left = [...chunks];
  const input = {
    isTTY: true,
    setRawMode: (mode: boolean) => void raw.push(mode),
    setEncoding: () => undefined,
    resume: () => undefined,
    pause: () => undefined,
    off: () => undefined,
    on: (_: string, take: (keys: string) => void) => {
      setImmediate(() => {
        const now = left;
        left = [];
        for (const [i, keys] of now.entries()) {
          if (keys === '<next>') {
            left = now.slice(i + 1);
            return;
          }
          take(keys);
        }
      });
    },
  };
  return { input: input as unknown as Terminal['input'], show: (text) => void shown.push(text), shown, raw };
}

describe('a keystore file', () => {
  it('is its owner’s alone, holds no key in the clear, and opens with its passphrase', async (t) => {
    const { directory, path, keystore } = await made(t);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory), ['keystore.json'], 'nothing is left beside it');
    const text = await readFile(path, 'utf8');
    for (const key of [...Object.values(keystore.stored.current), keystore.stored.seed]) assert.ok(!text.includes(key));
    assert.deepEqual((await openKeystore(path, TEST_PASSPHRASE)).stored, keystore.stored);
  });

  it('is refused where others may read it, or what it leads to', async (t) => {
    const { directory, path } = await made(t);
    for (const mode of [0o640, 0o604, 0o660, 0o601]) {
      await chmod(path, mode);
      await assert.rejects(openKeystore(path, TEST_PASSPHRASE), refused('SECRET_FILE_MODE'));
    }
    const link = join(directory, 'link.json');
    await symlink(path, link);
    await assert.rejects(openKeystore(link, TEST_PASSPHRASE), refused('SECRET_FILE_MODE'));
  });

  it('is refused with a wrong passphrase, cut off anywhere, with any changed byte, and where there is none', async (t) => {
    const { directory, path } = await made(t);
    await assert.rejects(openKeystore(path, `${TEST_PASSPHRASE}!`), refused('KEYSTORE_PASSPHRASE'));
    await assert.rejects(openKeystore(path, 'short'), refused('PASSPHRASE_LENGTH'));
    await assert.rejects(openKeystore(join(directory, 'none.json'), TEST_PASSPHRASE), refused('KEYSTORE_MISSING'));
    const whole = await readFile(path);
    const copy = join(directory, 'copy.json');
    await copyFile(path, copy);
    for (const size of [0, 1, 17, whole.length >> 1, whole.length - 3]) {
      await writeFile(copy, whole, { mode: 0o600 });
      await truncate(copy, size);
      await assert.rejects(openKeystore(copy, TEST_PASSPHRASE), refused('KEYSTORE_UNREADABLE'), `${size} bytes`);
    }
    const codes = ['KEYSTORE_UNREADABLE', 'KEYSTORE_PASSPHRASE'];
    for (let at = 3; at < whole.length - 2; at += 41) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ 1;
      await writeFile(copy, bytes, { mode: 0o600 });
      const error = await openKeystore(copy, TEST_PASSPHRASE).catch((cause: unknown) => cause);
      assert.ok(isProtocolError(error) && codes.includes(error.code), `byte ${at}: ${String(error)}`);
    }
    await writeFile(copy, Buffer.alloc(70_000, 0x20), { mode: 0o600 });
    await assert.rejects(openKeystore(copy, TEST_PASSPHRASE), refused('SECRET_UNREADABLE'));
  });

  it('of another organisation opens no node', async (t) => {
    const { directory } = await made(t);
    const config = await readConfig(await nodeConfig(directory, 'court'));
    await assert.rejects(startNode(config, TEST_PASSPHRASE), refused('KEYSTORE_ORG'));
  });

  it('is never overwritten by new keys, and takes no passphrase that is guessed at once', async (t) => {
    const { path, keystore } = await made(t);
    await assert.rejects(createKeystore(path, 'tax', TEST_PASSPHRASE), refused('KEYSTORE_EXISTS'));
    assert.deepEqual((await openKeystore(path, TEST_PASSPHRASE)).stored, keystore.stored);
    for (const [weak, code] of [
      ['eleven char', 'PASSPHRASE_LENGTH'],
      ['x'.repeat(1025), 'PASSPHRASE_LENGTH'],
      ['aaaaaaaaaaaaaaaa', 'PASSPHRASE_WEAK'],
      ['abcdefghijklmnopqrst', 'PASSPHRASE_WEAK'],
      ['1234567890123456', 'PASSPHRASE_WEAK'],
      ['qwertyqwertyqwerty', 'PASSPHRASE_WEAK'],
      ['tax-bureau2026', 'PASSPHRASE_WEAK'],
      ['passwordpassword1', 'PASSPHRASE_WEAK'],
    ] as const) {
      const fresh = createKeystore(`${path}.other`, 'tax-bureau', weak, LEAST_KEYSTORE_COST);
      await assert.rejects(fresh, refused(code), weak);
    }
  });

  it('keeps the next keys through a rotation, and the box keys of 64 rotations', () => {
    const set = (n: number) => {
      const part = n.toString(16).padStart(2, '0').repeat(32);
      return { signing: part, account: part, sealing: part };
    };
    let keys = { current: set(0), next: null, earlierSealing: [] as string[], seed: 'ff'.repeat(32) };
    const begun = withNextKeys(keys, set(1));
    assert.deepEqual(withNextKeys(begun, set(2)).next, set(1), 'what the chain may have heard of is not replaced');
    assert.deepEqual(promotedKeys(keys), keys);
    for (let n = 1; n < 80; n++) keys = promotedKeys(withNextKeys(keys, set(n))) as typeof keys;
    assert.deepEqual(keys.current, set(79));
    assert.deepEqual([keys.earlierSealing.length, keys.earlierSealing[0]], [64, set(78).sealing]);
  });
});

describe('a passphrase', () => {
  it('comes from a file of its owner, without the end of its line', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'passphrase');
    const read = (): Promise<string> => readPassphrase(placeOf({ 'passphrase-file': file }), 'en');
    for (const end of ['', '\n', '\r\n']) {
      await writeFile(file, `${TEST_PASSPHRASE}${end}`, { mode: 0o600 });
      assert.equal(await read(), TEST_PASSPHRASE);
    }
    for (const content of [
      '',
      '\n',
      'two\nlines\n',
      'nul\0byte in it',
      Buffer.from([0xff, 0xfe, 0x41]),
      'x'.repeat(5000),
    ]) {
      await writeFile(file, content, { mode: 0o600 });
      await assert.rejects(read(), refused('SECRET_UNREADABLE'));
    }
    await chmod(file, 0o644);
    await assert.rejects(read(), refused('SECRET_FILE_MODE'));
    await assert.rejects(readPassphrase({ file: `${file}.none` }, 'en'), refused('SECRET_UNREADABLE'));
  });

  it('comes from a descriptor, and from nothing that is none', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'passphrase');
    await writeFile(file, `${TEST_PASSPHRASE}\n`, { mode: 0o600 });
    const handle = await open(file, 'r');
    assert.equal(await readPassphrase(placeOf({ 'passphrase-fd': String(handle.fd) }), 'en'), TEST_PASSPHRASE);
    await handle.close().catch(() => undefined);
    await assert.rejects(readPassphrase(placeOf({ 'passphrase-fd': '987654' }), 'en'), refused('SECRET_UNREADABLE'));
    for (const wrong of ['-1', 'three', '1e3', '']) {
      await assert.rejects(readPassphrase(placeOf({ 'passphrase-fd': wrong }), 'en'), refused('ARGUMENT_INVALID'));
    }
    const both = { 'passphrase-file': file, 'passphrase-fd': '3' };
    await assert.rejects(readPassphrase(placeOf(both), 'en'), refused('ARGUMENT_INVALID'));
  });

  it('is typed without being shown, corrected, and given up', async () => {
    const terminal = typing('wrong\u0015correct hord', '\u007fse battery', '\u001b', ' staple', '\r');
    assert.equal(await readPassphrase({}, 'zh-CN', terminal), TEST_PASSPHRASE);
    assert.deepEqual(
      [terminal.shown, terminal.raw],
      [
        ['口令:', '\n'],
        [true, false],
      ],
    );
    const givenUp = typing('secret', '\u0003');
    await assert.rejects(readPassphrase({}, 'en', givenUp), refused('SECRET_UNREADABLE'));
    assert.deepEqual(givenUp.raw, [true, false], 'the terminal shows what is typed again');
    const piped: Terminal = { ...typing(), input: { isTTY: false } as Terminal['input'] };
    await assert.rejects(readPassphrase({}, 'en', piped), refused('PASSPHRASE_MISSING'));
  });

  it('that is new is typed twice', async () => {
    const same = typing('a new passphrase', '\r', '<next>', 'a new passphrase', '\r');
    assert.equal(await readNewPassphrase({}, 'en', same), 'a new passphrase');
    const other = typing('a new passphrase', '\r', '<next>', 'a new passphrasf', '\r');
    await assert.rejects(readNewPassphrase({}, 'en', other), refused('PASSPHRASE_DIFFERS'));
  });
});

describe('sealedger-node keys', () => {
  const run = async (...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    let [stdout, stderr] = ['', ''];
    const io: CommandIo = {
      stdout: (text) => void (stdout += text),
      stderr: (text) => void (stderr += text),
      locale: 'en',
    };
    return { code: await keysCommand(argv, io), stdout, stderr };
  };

  it('init makes the keystore and prints public halves alone; passphrase seals the same keys anew', async (t) => {
    const directory = await temporaryDirectory(t);
    const config = await nodeConfig(directory);
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    await writeFile(first, `${TEST_PASSPHRASE}\n`, { mode: 0o600 });
    await writeFile(second, 'quite another passphrase\n', { mode: 0o600 });
    const { code, stdout } = await run('init', '--config', config, '--passphrase-file', first, '--json');
    assert.equal(code, 0);
    const path = join(directory, 'keystore.json');
    const before = await openKeystore(path, TEST_PASSPHRASE);
    const document = JSON.parse(stdout) as Record<string, string>;
    assert.deepEqual(Object.keys(document).sort(), ['account', 'ed25519Key', 'file', 'org', 'x25519Key']);
    for (const secret of [...Object.values(before.stored.current), before.stored.seed])
      assert.ok(!stdout.includes(secret));
    await assert.rejects(run('init', '--config', config, '--passphrase-file', first), refused('KEYSTORE_EXISTS'));
    const changed = await run(
      'passphrase',
      '--config',
      config,
      '--passphrase-file',
      first,
      '--new-passphrase-file',
      second,
    );
    assert.equal(changed.code, 0);
    assert.deepEqual((await openKeystore(path, 'quite another passphrase')).stored, before.stored);
    await assert.rejects(openKeystore(path, TEST_PASSPHRASE), refused('KEYSTORE_PASSPHRASE'));
    assert.equal((await run('burn', '--config', config)).code, 2);
  });

  it('takes no passphrase as an argument and none from the environment', async (t) => {
    const directory = await temporaryDirectory(t);
    const config = await nodeConfig(directory);
    await writeTestKeystore(join(directory, 'keystore.json'), 'tax', {
      signing: '11'.repeat(32),
      account: '12'.repeat(32),
      sealing: '13'.repeat(32),
      seed: '14'.repeat(32),
    });
    for (const argv of [['--passphrase', TEST_PASSPHRASE], [`--passphrase=${TEST_PASSPHRASE}`], [TEST_PASSPHRASE]]) {
      const error = await run('passphrase', '--config', config, ...argv).catch((cause: unknown) => cause);
      assert.ok(isProtocolError(error) && error.code === 'ARGUMENT_INVALID');
      assert.ok(!`${error.message}${JSON.stringify(error.details)}`.includes('battery'), 'it is not said back');
    }
    const environment = { ...process.env, PASSPHRASE: TEST_PASSPHRASE, SEALEDGER_PASSPHRASE: TEST_PASSPHRASE };
    const ended = spawnSync(process.execPath, [main, 'run', '--config', config], {
      encoding: 'utf8',
      env: environment,
      input: `${TEST_PASSPHRASE}\n`,
    });
    assert.equal(ended.status, 1);
    assert.match(ended.stdout, /PASSPHRASE_MISSING/);
  });

  it('a file whose writing broke off leaves the keystore as it was', async (t) => {
    const { path, keystore } = await made(t);
    await writeFile(`${path}.new`, 'half of a keysto');
    assert.deepEqual((await openKeystore(path, TEST_PASSPHRASE)).stored, keystore.stored);
    await chmod(`${path}.new`, 0o666);
    await writeKeystoreFile(path, {
      org: 'tax',
      keys: keystore.stored,
      passphrase: TEST_PASSPHRASE,
      cost: LEAST_KEYSTORE_COST,
    });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });
});
