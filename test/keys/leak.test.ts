/**
 * What shows of keys and people, looked through for what must not: a real node on the real contracts works with a planted
 * passphrase, password, keys and ids of people; then its logs, its answers, its events, its files and every transaction
 * are searched.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { callAdmin, type PersonCredential } from '@sealedger/node/cli/admin-client.ts';
import { explain } from '@sealedger/node/cli/command.ts';
import { createPasswords } from '@sealedger/node/keys/passwords.ts';
import type { AdminContract } from '@sealedger/node/server/admin.ts';
import { keyContracts } from '@sealedger/node/services/admin-keys.ts';
import { peopleContracts } from '@sealedger/node/services/admin-people.ts';
import { everythingOf } from '../node/support/refusals.ts';
import { TEST_PASSPHRASE } from './support/keystores.ts';
import { personSecret, testPerson } from './support/persons.ts';
import { FIRST_KEYS, rotatingNode } from './support/rotating-node.ts';

const PASSWORD = 'planted password 60417';
const GUESS = 'planted guess 7753';
const [OPERATOR, AUDITOR] = ['planted-operator', 'planted-auditor'] as const;

async function filesUnder(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  const texts = names.map(async (name) => {
    const path = join(directory, name);
    return (await stat(path)).isFile() ? (await readFile(path)).toString('latin1') : '';
  });
  return (await Promise.all(texts)).join('\n');
}

test('no passphrase, password, key or id of a person shows in logs, answers, events, files or transactions', async (t) => {
  const shown: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  t.after(() => void (process.stderr.write = write));
  process.stderr.write = ((text: string | Uint8Array) => shown.push(String(text)) > 0) as typeof process.stderr.write;
  const world = await rotatingNode(t);
  const passwords = createPasswords();
  const people = [
    { id: OPERATOR, roles: ['operator'], password: await passwords.hash(PASSWORD) },
    testPerson(AUDITOR, 'auditor'),
  ];
  await passwords.close();
  const config = JSON.parse(await readFile(world.file, 'utf8')) as Record<string, unknown>;
  await writeFile(world.file, JSON.stringify({ ...config, people }));
  const node = await world.start();
  const operator = { id: OPERATOR, password: PASSWORD };
  const attempt = async (contract: AdminContract, input: unknown, person?: PersonCredential): Promise<unknown> => {
    const io = { stderr: (text: string) => void shown.push(text), locale: 'zh-CN' as const, person };
    try {
      return await callAdmin(world.file, contract, input, io);
    } catch (error) {
      shown.push(everythingOf(error), explain(error, 'en'));
      return null;
    }
  };
  const rotate = { passphrase: TEST_PASSPHRASE, overlapSeconds: 60 };
  await attempt(keyContracts.rotate, rotate);
  await attempt(keyContracts.rotate, rotate, { id: OPERATOR, password: GUESS });
  await attempt(keyContracts.rotate, rotate, { id: 'planted-stranger', password: PASSWORD });
  await attempt(keyContracts.rotate, rotate, { id: AUDITOR, secret: personSecret(AUDITOR) });
  await attempt(keyContracts.rotate, { ...rotate, passphrase: GUESS }, operator);
  await attempt(keyContracts.rotate, { ...rotate, overlapSeconds: -1 }, operator);
  assert.ok(await attempt(keyContracts.rotate, rotate, operator));
  const log = await attempt(peopleContracts.log, {}, { id: AUDITOR, secret: personSecret(AUDITOR) });
  const { acts } = peopleContracts.log.output.parse(log);
  const outcomes = acts.map(({ person, outcome }) => `${person} ${outcome}`);
  assert.deepEqual(outcomes, [
    `${AUDITOR} PERSON_ROLE`,
    `${OPERATOR} KEYSTORE_PASSPHRASE`,
    `${OPERATOR} SCHEMA_MISMATCH`,
    `${OPERATOR} done`,
  ]);
  const { stored } = await world.keystore();
  const blocks = Number(await world.ledger.rpc.request('eth_blockNumber', []));
  for (let n = 0; n <= blocks; n++) {
    shown.push(JSON.stringify(await world.ledger.rpc.request('eth_getBlockByNumber', [`0x${n.toString(16)}`, true])));
  }
  await node.stop();
  process.stderr.write = write;
  const secrets = [
    TEST_PASSPHRASE,
    PASSWORD,
    GUESS,
    ...[FIRST_KEYS.current, stored.current].flatMap((set) => Object.values(set)),
    stored.seed,
    Buffer.from(personSecret(AUDITOR)).toString('hex'),
  ];
  const outside = shown.join('\n');
  assert.ok(outside.includes('PERSON_REFUSED') && outside.includes('KEYSTORE_PASSPHRASE'));
  for (const secret of [...secrets, OPERATOR, AUDITOR, 'planted-stranger']) {
    assert.ok(!outside.includes(secret), `${secret.slice(0, 8)}… shows`);
    assert.ok(!outside.includes(Buffer.from(secret).toString('hex')), `${secret.slice(0, 8)}… shows in hex`);
  }
  const files = await filesUnder(world.dataDir);
  for (const secret of secrets) assert.ok(!files.includes(secret), `${secret.slice(0, 8)}… is in a file`);
  assert.ok(!files.includes('planted-stranger'), 'an id that nobody has is stored nowhere');
});
