/** Keys of a member without a node: made, replaced on a real chain, and finished after each place where that can break off. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { type KeystoreKeys, LEAST_KEYSTORE_COST } from '@sealedger/protocol/keystore.ts';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { runKeysCommand } from '@sealedger/sdk/cli/keys-command.ts';
import { openMemberKeys } from '@sealedger/sdk/cli/passphrase.ts';
import { type MemberRotation, rotateMemberKeys } from '@sealedger/sdk/rotation.ts';
import { openKeystoreFile, writeKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import { keys as accounts, startConsortium, temporaryDirectory } from '../ledger/chains.ts';
import { TEST_PASSPHRASE } from './support/keystores.ts';
import { serveRpc } from './support/rotating-node.ts';

const FIRST: KeystoreKeys = {
  current: { signing: '51'.repeat(32), account: accounts.bank, sealing: '52'.repeat(32) },
  next: null,
  earlierSealing: [],
  seed: '53'.repeat(32),
};
const refused = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;

async function bankWorld(t: TestContext) {
  const ledger = await startConsortium(t);
  await ledger.client('bank').rotateKeys(memberKeys(FIRST.current, nobleEd25519), 0);
  let stored = FIRST;
  const faults = { writes: Number.POSITIVE_INFINITY, refuse: null as ProtocolError | null, lose: false };
  const rotation: MemberRotation = {
    org: 'bank',
    keystore: {
      read: async () => stored,
      write: async (keys) => {
        if (faults.writes-- <= 0) throw new Error('disk full');
        stored = keys;
      },
    },
    ledgerOf: (privateKeyHex) => {
      const client = ledger.client('bank', { account: { privateKeyHex } });
      return {
        organisation: client.organisation,
        rotateKeys: async (keys, overlapSeconds) => {
          if (faults.refuse !== null) throw faults.refuse;
          const outcome = await client.rotateKeys(keys, overlapSeconds);
          if (faults.lose) throw new ProtocolError('CHAIN_TIMEOUT', { method: 'x' });
          return outcome;
        },
      };
    },
    overlapSeconds: 60,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
  const settled = async (keyEpoch: number): Promise<void> => {
    const record = (await ledger.client('bank').organisation('bank'))!;
    assert.equal(stored.next, null);
    assert.equal(memberKeys(stored.current, nobleEd25519).ed25519Key, record.ed25519Key);
    assert.deepEqual([record.keyEpoch, record.previous !== null], [keyEpoch, true]);
    assert.deepEqual([stored.earlierSealing.at(-1), stored.seed], [FIRST.current.sealing, FIRST.seed]);
  };
  return { ledger, rotation, faults, settled, stored: () => stored };
}

test('a bank replaces its keys, and replaces them again with the account that it has since', async (t) => {
  const { rotation, settled } = await bankWorld(t);
  assert.equal((await rotateMemberKeys(rotation)).keyEpoch, 3);
  await settled(3);
  assert.equal((await rotateMemberKeys(rotation)).keyEpoch, 4);
  await settled(4);
});

test('what breaks off before, at or after the chain’s block is finished by the same call', async (t) => {
  const { rotation, faults, settled, stored } = await bankWorld(t);
  faults.writes = 0;
  await assert.rejects(rotateMemberKeys(rotation), /disk full/);
  assert.deepEqual(stored(), FIRST, 'the chain heard of nothing');
  faults.writes = Number.POSITIVE_INFINITY;

  faults.refuse = new ProtocolError('CHAIN_UNREACHABLE', { method: 'x' });
  await assert.rejects(rotateMemberKeys(rotation), refused('CHAIN_UNREACHABLE'));
  const { next } = stored();
  faults.refuse = null;

  faults.writes = 0;
  await assert.rejects(rotateMemberKeys(rotation), /disk full/);
  assert.deepEqual([stored().current, stored().next], [FIRST.current, next], 'the chain has what waits');
  faults.writes = Number.POSITIVE_INFINITY;
  assert.equal((await rotateMemberKeys(rotation)).keyEpoch, 3, 'and is not asked twice');
  assert.deepEqual(stored().current, next);
  await settled(3);

  faults.lose = true;
  assert.equal((await rotateMemberKeys(rotation)).keyEpoch, 4, 'a lost answer is no refusal');
});

test('a keystore whose keys the chain does not show replaces nothing', async (t) => {
  const { rotation, ledger } = await bankWorld(t);
  await ledger
    .client('bank')
    .rotateKeys({ ...memberKeys(FIRST.current, nobleEd25519), ed25519Key: 'ab'.repeat(32) }, 0);
  await assert.rejects(rotateMemberKeys(rotation), refused('KEYS_DIFFER'));
  await assert.rejects(rotateMemberKeys({ ...rotation, org: 'nobody' }), refused('MEMBER_UNKNOWN'));
});

test('sealedger keys: made, sealed anew, rotated; what broke off is opened by nothing else', async (t) => {
  const ledger = await startConsortium(t);
  const directory = await temporaryDirectory(t);
  const [profile, passphrase, other] = ['me.json', 'passphrase', 'other'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(passphrase, `${TEST_PASSPHRASE}\n`, { mode: 0o600 });
  await writeFile(other, 'quite another passphrase\n', { mode: 0o600 });
  await writeFile(join(directory, 'deployment.json'), JSON.stringify(ledger.deployment));
  const rpc = await serveRpc(t, ledger.rpc);
  const me = {
    org: 'bank',
    keystore: 'keystore.json',
    passphraseFile: 'passphrase',
    deployment: 'deployment.json',
    rpc,
  };
  await writeFile(profile, JSON.stringify(me));
  const run = async (...argv: string[]) => {
    let [stdout, stderr] = ['', ''];
    const code = await runKeysCommand([...argv, '--profile', profile, '--json'], {
      stdout: (text) => void (stdout += text),
      stderr: (text) => void (stderr += text),
      readFile: async () => '',
      locale: 'en',
    });
    return { code, stderr, json: stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>) };
  };
  const file = join(directory, 'keystore.json');
  const made = await run('init');
  assert.equal(made.code, 0, made.stderr);
  const { keys } = await openKeystoreFile(file, TEST_PASSPHRASE);
  assert.equal(made.json['ed25519Key'], memberKeys(keys.current, nobleEd25519).ed25519Key);
  assert.match((await run('init')).stderr, /KEYSTORE_EXISTS/);
  assert.match((await run('rotate')).stderr, /KEYS_DIFFER/, 'these keys were never admitted');
  const content = { org: 'bank', keys: FIRST, passphrase: TEST_PASSPHRASE, cost: LEAST_KEYSTORE_COST };
  await writeKeystoreFile(file, content);
  await ledger.client('bank').rotateKeys(memberKeys(FIRST.current, nobleEd25519), 0);
  const rotated = await run('rotate', '--overlap', '60');
  assert.deepEqual([rotated.code, rotated.json['keyEpoch'], rotated.stderr], [0, 3, '']);
  const { code, stderr } = await run('rotate', '--overlap', '90000');
  assert.deepEqual([code, (await openKeystoreFile(file, TEST_PASSPHRASE)).keys.next], [2, null], stderr);
  assert.equal((await run('passphrase', '--new-passphrase-file', other)).code, 0);
  assert.match((await run('rotate')).stderr, /KEYSTORE_PASSPHRASE/);
  assert.equal((await run('rotate', '--passphrase-file', other)).code, 0);
  await writeKeystoreFile(file, { ...content, keys: { ...FIRST, next: FIRST.current } });
  await assert.rejects(openMemberKeys(file, 'bank', { file: passphrase }), refused('KEYS_BEGUN'));
  await assert.rejects(openMemberKeys(file, 'tax', { file: passphrase }), refused('KEYSTORE_ORG'));
  assert.equal((await run('burn')).code, 2);
});
