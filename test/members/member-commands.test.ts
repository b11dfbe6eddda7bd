/** `sealedger member` with a profile, and `sealedger-node member` at a running node: documents, exit codes, roles. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { memberCommand } from '@sealedger/node/cli/member-command.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { MemberView, ProposalView } from '@sealedger/protocol/membership/views.ts';
import { runMemberCommand } from '@sealedger/sdk/cli/member-command.ts';
import { serveChain } from '../../deploy/chain-server.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from '../keys/support/keystores.ts';
import { withPersonKeys } from '../keys/support/persons.ts';
import { rotatingNode } from '../keys/support/rotating-node.ts';
import { keys, startConsortium, temporaryDirectory } from '../ledger/chains.ts';

const newcomer = {
  id: 'bank-2',
  roles: ['bank'],
  account: 'ab'.repeat(20),
  ed25519Key: 'e'.repeat(64),
  x25519Key: 'f'.repeat(64),
  endpoint: '',
};

test('a member proposes, votes and reads at its command line', async (t) => {
  const ledger = await startConsortium(t);
  await ledger.client('founder').closeFounding();
  const server = await serveChain(ledger.rpc, 0, () => undefined);
  t.after(() => server.close());
  const directory = await temporaryDirectory(t);
  const file = (name: string): string => join(directory, name);
  await writeFile(file('passphrase'), TEST_PASSPHRASE, { mode: 0o600 });
  await writeFile(file('deployment.json'), JSON.stringify(ledger.deployment));
  await writeFile(file('newcomer.json'), JSON.stringify(newcomer));
  const profileOf = async (org: 'bank' | 'tax' | 'court'): Promise<string> => {
    const own = { signing: '71'.repeat(32), account: keys[org], sealing: '72'.repeat(32), seed: '73'.repeat(32) };
    await writeTestKeystore(file(`${org}.keystore`), org, own);
    const profile = { suite: SUITE, version: 1, org, keystore: `${org}.keystore`, passphraseFile: 'passphrase' };
    const text = JSON.stringify({ ...profile, deployment: 'deployment.json', rpc: server.url });
    await writeFile(file(`${org}.json`), text);
    return file(`${org}.json`);
  };
  const profiles = { bank: await profileOf('bank'), tax: await profileOf('tax'), court: await profileOf('court') };
  const run = async (org: keyof typeof profiles, ...argv: readonly string[]) => {
    const said = { out: '', err: '' };
    const io = {
      stdout: (text: string) => void (said.out += text),
      stderr: (text: string) => void (said.err += text),
      readFile: (path: string) => readFile(path, 'utf8'),
      writeFile: async () => undefined,
      locale: 'en' as const,
    };
    const code = await runMemberCommand([...argv, '--profile', profiles[org]], io);
    return { code, ...said };
  };

  const made = await run('bank', 'propose', 'admit', '--file', file('newcomer.json'), '--json');
  assert.equal(made.code, 0, made.err);
  const { id } = JSON.parse(made.out) as ProposalView;
  const listed = await run('tax', 'proposals');
  assert.match(listed.out, /admit bank-2 as bank.*\n.*for 1, against 0, 3 carry it.*we have not voted/);
  assert.match((await run('tax', 'proposals', '--lang', 'zh-CN')).out, /接纳 bank-2/);
  assert.equal((await run('tax', 'vote', String(id), '--for')).code, 0);
  const carried = await run('court', 'vote', String(id), '--for', '--json');
  assert.equal((JSON.parse(carried.out) as ProposalView).state, 'carried');
  const { members } = JSON.parse((await run('bank', 'list', '--json')).out) as { members: MemberView[] };
  assert.deepEqual(
    members.map(({ org }) => org),
    ['bank', 'tax', 'court', 'bureau', 'bank-2'],
  );
  assert.match((await run('bank', 'show', 'bank-2')).out, /admitted as bank/);
  assert.equal((await run('bank', 'endpoint', 'http://127.0.0.1:81')).code, 0);
  assert.match((await run('tax', 'list')).out, /bank {2}active.*127\.0\.0\.1:81/);

  for (const [argv, says] of [
    [['vote', String(id), '--against'], /CHAIN_REFUSED/],
    [['vote', '1', '--for', '--against'], /ARGUMENT_INVALID/],
    [['vote', 'x', '--for'], /ARGUMENT_INVALID/],
    [['vote', '99', '--for'], /PROPOSAL_UNKNOWN/],
    [['propose', 'expel', 'tax'], /SCHEMA_MISMATCH/],
    [['propose', 'suspend'], /ARGUMENT_INVALID/],
    [['propose', 'roles', 'tax', 'king'], /SCHEMA_MISMATCH/],
    [['propose', 'admit'], /ARGUMENT_INVALID/],
    [['propose', 'admit', '--file', file('bank.json')], /SCHEMA_MISMATCH/],
    [['endpoint', 'http://tax.example'], /SCHEMA_MISMATCH/],
    [['show', 'nobody'], /MEMBER_UNKNOWN/],
    [['banish'], /usage/],
  ] as const) {
    const refused = await run('bank', ...argv);
    assert.equal(refused.code, 2, argv.join(' '));
    assert.match(refused.err, says, argv.join(' '));
    assert.equal(refused.out, '');
  }
});

test('people of a running node propose and vote in their roles, each act is logged, and nobody else does', async (t) => {
  const world = await rotatingNode(t);
  await world.ledger.client('founder').closeFounding();
  await world.start();
  const directory = dirname(world.file);
  await writeFile(join(directory, 'newcomer.json'), JSON.stringify(newcomer));
  const run = async (...argv: readonly string[]) => {
    const said = { out: '', err: '' };
    const io = {
      stdout: (text: string) => void (said.out += text),
      stderr: (text: string) => void (said.err += text),
      locale: 'en' as const,
    };
    const code = await memberCommand(withPersonKeys(directory, [...argv, '--config', world.file]), io);
    return { code, ...said };
  };
  const refusedWith = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;

  assert.match((await run('list')).out, /tax {2}active/);
  const admission = ['propose', 'admit', '--file', join(directory, 'newcomer.json')] as const;
  await assert.rejects(run(...admission), refusedWith('PERSON_MISSING'));
  await assert.rejects(run(...admission, '--by', 'op'), refusedWith('PERSON_ROLE'));
  const made = JSON.parse((await run(...admission, '--by', 'ap', '--json')).out) as ProposalView;
  assert.deepEqual([made.proposer, made.state, made.ownVote], ['tax', 'open', 'for']);

  const { proposalId } = await world.ledger.client('court').proposeRoles('bank', ['bank', 'gate']);
  await assert.rejects(run('vote', String(proposalId), '--against', '--by', 'op'), refusedWith('PERSON_ROLE'));
  const voted = await run('vote', String(proposalId), '--against', '--by', 'ap', '--json');
  assert.equal((JSON.parse(voted.out) as ProposalView).votesAgainst, 1);
  await assert.rejects(run('endpoint', 'http://127.0.0.1:82', '--by', 'ap'), refusedWith('PERSON_ROLE'));
  assert.match((await run('endpoint', 'http://127.0.0.1:82', '--by', 'op')).out, /127\.0\.0\.1:82/);
  assert.match((await run('proposals')).out, /we voted against it/);
  assert.match((await run('show', 'tax')).out, /it is called at http:\/\/127\.0\.0\.1:82/);
  await world.ledger.client('bank').vote(proposalId, false);
  assert.match((await run('proposals', '--all')).out, /rejected/);
  await assert.rejects(run('settle', '77', '--by', 'op'), refusedWith('PROPOSAL_UNKNOWN'));
  assert.equal((await run('banish')).code, 2);
});
