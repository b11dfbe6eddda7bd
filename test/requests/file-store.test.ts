import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { lockDirectory } from '@sealedger/sdk/cli/directory-lock.ts';
import { sealedFileStore } from '@sealedger/sdk/cli/file-store.ts';
import { keyOf } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const SECRET = new TextEncoder().encode('weights and a secret key');
const pathOf = (directory: string, ...name: string[]): string => join(directory, ...name, 'value');

describe('the store of a bank at its command line', () => {
  it('gives back what was put, after a restart too, and nothing where nothing is', async (t) => {
    const directory = await temporaryDirectory(t);
    await sealedFileStore(directory, keyOf('seed')).put('request/a/secret-key', SECRET);
    const again = sealedFileStore(directory, keyOf('seed'));
    assert.deepEqual(await again.get('request/a/secret-key'), SECRET);
    assert.equal(await again.get('request/a'), undefined);
    await again.put('empty', new Uint8Array(0));
    assert.deepEqual(await again.get('empty'), new Uint8Array(0));
  });

  it('shows nothing of a value on the disk, and opens to no other keystore', async (t) => {
    const directory = await temporaryDirectory(t);
    await sealedFileStore(directory, keyOf('seed')).put('request/a', SECRET);
    const file = pathOf(directory, 'request', 'a');
    assert.ok(!(await readFile(file)).includes('secret key'));
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await assert.rejects(sealedFileStore(directory, keyOf('other')).get('request/a'), refusal('STORE_UNREADABLE'));
  });

  it('refuses a value that was changed, cut, or moved under another name', async (t) => {
    const directory = await temporaryDirectory(t);
    const store = sealedFileStore(directory, keyOf('seed'));
    await store.put('request/a', SECRET);
    const file = pathOf(directory, 'request', 'a');
    const bytes = await readFile(file);
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      await writeFile(file, changed);
      await assert.rejects(store.get('request/a'), refusal('STORE_UNREADABLE'));
    }
    for (const length of [0, 12, 27, bytes.length - 1]) {
      await writeFile(file, bytes.subarray(0, length));
      await assert.rejects(store.get('request/a'), refusal('STORE_UNREADABLE'));
    }
    await writeFile(file, bytes);
    const moved = pathOf(directory, 'request', 'b');
    await mkdir(dirname(moved), { recursive: true });
    await rename(file, moved);
    await assert.rejects(store.get('request/b'), refusal('STORE_UNREADABLE'));
  });

  it('keeps every name inside its directory', async (t) => {
    const directory = await temporaryDirectory(t);
    const inner = join(directory, 'inner');
    const store = sealedFileStore(inner, keyOf('seed'));
    for (const name of ['a%2F..%2Fb', 'ü', 'x y']) {
      await store.put(name, SECRET);
      assert.deepEqual(await store.get(name), SECRET);
    }
    assert.deepEqual(await readdir(directory), ['inner']);
  });
});

describe('the lock of a directory', () => {
  const busy = (pid: number): ProtocolError => new ProtocolError('STORE_BUSY', { pid });

  it('is one process’s at a time, and free again after it', async (t) => {
    const directory = await temporaryDirectory(t);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory, busy)));
    const held = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    assert.equal(held.length, 1);
    await assert.rejects(lockDirectory(directory, busy), refusal('STORE_BUSY', { pid: process.pid }));
    await held[0]!.value.release();
    await (await lockDirectory(directory, busy)).release();
    assert.deepEqual(await readdir(directory), []);
  });

  it('of a process that died is taken over, and the one that comes back late writes nothing', async (t) => {
    const directory = await temporaryDirectory(t);
    const late = await lockDirectory(directory, busy);
    await writeFile(join(directory, 'lock'), '999999999 dead');
    const taken = await lockDirectory(directory, busy);
    await assert.rejects(late.assertHeld(), refusal('STORE_BUSY'));
    await late.release();
    await taken.assertHeld();
  });
});
