/** A node's process that is killed at each step of a rotation of its keys, with the chain and the keystore as they are then. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { secretLine } from '@sealedger/protocol/passphrase.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { openKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import { readSecretFile } from '@sealedger/transport/secret-file.ts';
import { type Department, startDepartment } from '../journey/support/department.ts';
import { testPerson } from './support/persons.ts';

const STEPS = 4;

describe('a node that is killed while its keys are replaced', { timeout: 400_000 }, () => {
  let department: Department;
  before(async () => {
    department = await startDepartment(async () => ({ people: [testPerson('op', 'operator')] }));
  });
  after(() => department.end());

  for (let step = 1; step <= STEPS; step++) {
    it(`goes on with one whole set of keys after step ${step}, and its log is whole`, async () => {
      const own = department.organisations[0]!;
      const epochBefore = (await department.ledger.organisation(own.org))!.keyEpoch;
      const rotate = ['keys', 'rotate', '--by', 'op', '--passphrase-file', own.passphraseFile];
      await department.killDuring(step, ...rotate);
      await department.start();
      const record = (await department.ledger.organisation(own.org))!;
      const passphrase = secretLine((await readSecretFile(own.passphraseFile))!);
      const { keys } = await openKeystoreFile(own.keystoreFile, passphrase);
      assert.equal(keys.next, null, 'what was begun is finished');
      assert.equal(memberKeys(keys.current, nobleEd25519).ed25519Key, record.ed25519Key);
      assert.equal(record.keyEpoch, epochBefore + 1, 'once');
      await department.kill();
      const { stdout } = await department.command('fsck', '--json', '--passphrase-file', own.passphraseFile);
      const { verdict, difference } = JSON.parse(stdout) as { verdict: string; difference: unknown };
      assert.deepEqual([verdict, difference], ['clean', null]);
      await department.start();
    });
  }

  it('leaves no copy of a key or passphrase behind', async () => {
    const own = department.organisations[0]!;
    const passphrase = secretLine((await readSecretFile(join(own.passphraseFile)))!);
    assert.ok(!(await department.logs()).includes(passphrase));
  });
});
