/** Members and votes over the SDK, on the real contracts: what carries, what does not, who counts. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { proposalText } from '@sealedger/protocol/membership/text.ts';
import { endpointSchema, type ProposalInput } from '@sealedger/protocol/membership/views.ts';
import { type Membership, openMembers } from '@sealedger/sdk/members.ts';
import { admissionOf, type Ledger, type OrgName, startConsortium } from '../ledger/chains.ts';

const isRefused = (error: string) => (cause: unknown) =>
  isProtocolError(cause, 'CHAIN_REFUSED') && cause.details['error'] === error;
const isCode = (code: string) => (cause: unknown) => isProtocolError(cause) && cause.code === code;

const newcomer = {
  id: 'bank-2',
  roles: ['bank' as const],
  account: 'ab'.repeat(20),
  ed25519Key: 'e'.repeat(64),
  x25519Key: 'f'.repeat(64),
  endpoint: '',
};

/** Four active members: bank, tax, court, bureau; three votes carry. */
async function consortium(t: TestContext): Promise<{ ledger: Ledger; as(org: OrgName): Membership }> {
  const ledger = await startConsortium(t);
  await ledger.client('founder').closeFounding();
  const ports = { clock: { now: () => 1_800_000_000_000 } };
  return { ledger, as: (org) => openMembers({ org, ledger: ledger.client(org), rpc: ledger.rpc, ports }) };
}

async function carry(as: (org: OrgName) => Membership, proposal: ProposalInput, ...voters: OrgName[]) {
  const [first, ...others] = voters;
  let last = await as(first!).propose(proposal);
  for (const voter of others) last = await as(voter).vote(last.id, 'for');
  return last;
}

test('an admission is carried by the vote that makes it a majority, and every member sees it', async (t) => {
  const { as } = await consortium(t);
  const made = await as('bank').propose({ kind: 'admit', admission: newcomer });
  assert.deepEqual(
    [made.state, made.votesFor, made.votesAgainst, made.needed, made.ownVote, made.already],
    ['open', 1, 0, 3, 'for', false],
  );
  assert.deepEqual(made.change, { kind: 'admit', admission: newcomer });
  assert.equal((await as('tax').proposals('open'))[0]?.ownVote, null);
  assert.equal((await as('tax').vote(made.id, 'for')).state, 'open');
  assert.equal((await as('bureau').vote(made.id, 'for')).state, 'carried');
  assert.deepEqual(await as('court').proposals('open'), []);
  assert.equal((await as('court').proposals('all')).length, 1);
  const member = (await as('court').list()).at(-1);
  assert.deepEqual([member?.org, member?.roles, member?.status, member?.keyEpoch], ['bank-2', ['bank'], 'active', 1]);
});

test('the same proposal twice is one, and the same vote twice is one', async (t) => {
  const { as } = await consortium(t);
  const proposal = { kind: 'admit', admission: newcomer } as const;
  const first = await as('bank').propose(proposal);
  const again = await as('bank').propose(proposal);
  assert.deepEqual([again.id, again.already, again.votesFor], [first.id, true, 1]);
  assert.equal((await as('tax').vote(first.id, 'for')).already, false);
  const twice = await as('tax').vote(first.id, 'for');
  assert.deepEqual([twice.already, twice.votesFor, twice.state], [true, 2, 'open']);
  await assert.rejects(as('tax').vote(first.id, 'against'), isRefused('ConsortiumAlreadyVoted'));
});

test('a suspended member neither proposes nor votes, its earlier vote stops counting, and it can be reinstated', async (t) => {
  const { as } = await consortium(t);
  const pending = await as('court').propose({ kind: 'set-roles', org: 'bank', roles: ['bank', 'gate'] });
  assert.equal((await as('tax').proposals('open'))[0]?.votesFor, 1);
  const suspended = await carry(as, { kind: 'suspend', org: 'court' }, 'bank', 'tax', 'bureau');
  assert.equal(suspended.state, 'carried');
  assert.equal((await as('bank').show('court')).member.status, 'suspended');
  const counted = (await as('tax').proposals('open')).find(({ id }) => id === pending.id);
  assert.deepEqual([counted?.votesFor, counted?.needed], [0, 2]);
  const other = await as('tax').propose({ kind: 'set-roles', org: 'bank', roles: ['bank', 'regulator'] });
  await assert.rejects(as('court').vote(other.id, 'for'), isRefused('ConsortiumNotActive'));
  await assert.rejects(as('court').propose({ kind: 'suspend', org: 'bank' }), isRefused('ConsortiumNotActive'));
  await assert.rejects(as('court').setEndpoint('http://127.0.0.1:9'), isRefused('ConsortiumNotActive'));
  const back = await carry(as, { kind: 'reinstate', org: 'court' }, 'bank', 'tax');
  assert.equal(back.state, 'carried', 'of three active members two are the majority');
  assert.equal((await as('court').vote(other.id, 'for')).votesFor, 2);
});

test('roles and lost keys change by vote, and the history tells it', async (t) => {
  const { as, ledger } = await consortium(t);
  await carry(as, { kind: 'set-roles', org: 'tax', roles: ['department', 'gate'] }, 'bank', 'court', 'bureau');
  const keys = { account: 'cd'.repeat(20), ed25519Key: '5'.repeat(64), x25519Key: '6'.repeat(64) };
  await carry(as, { kind: 'set-keys', org: 'tax', keys }, 'bank', 'court', 'bureau');
  const { member, history } = await as('bank').show('tax');
  assert.deepEqual([member.roles, member.ed25519Key, member.keyEpoch], [['department', 'gate'], keys.ed25519Key, 2]);
  assert.equal(member.previousUntil, null);
  assert.deepEqual(
    history.map(({ event }) => event),
    ['OrganisationAdmitted', 'KeysChanged', 'ProposalMade', 'RolesChanged', 'ProposalMade', 'KeysChanged'],
  );
  assert.ok(history.every(({ at, block }, i) => /^2027-/.test(at) && block >= (history[i - 1]?.block ?? 0)));
  await assert.rejects(as('tax').setEndpoint('http://127.0.0.1:9'), isRefused('ConsortiumUnknownAccount'));
  const { account } = admissionOf('court');
  await ledger.client('court').rotateKeys({ account, ed25519Key: '7'.repeat(64), x25519Key: '8'.repeat(64) }, 3600);
  assert.match((await as('bank').show('court')).member.previousUntil ?? '', /^2027-01-15T/);
});

test('a proposal that half reject is rejected, and one that nobody decides lapses', async (t) => {
  const { as, ledger } = await consortium(t);
  const refused = await as('bank').propose({ kind: 'suspend', org: 'tax' });
  assert.equal((await as('tax').vote(refused.id, 'against')).state, 'open');
  const last = await as('court').vote(refused.id, 'against');
  assert.deepEqual([last.state, last.votesAgainst], ['rejected', 2]);
  await assert.rejects(as('bureau').vote(refused.id, 'for'), isRefused('ConsortiumProposalClosed'));

  const forgotten = await as('bank').propose({ kind: 'suspend', org: 'court' });
  await assert.rejects(as('bank').settle(forgotten.id), isRefused('ConsortiumUndecided'));
  await ledger.rpc.request('evm_increaseTime', [31 * 86_400]);
  await ledger.rpc.request('evm_mine', []);
  assert.deepEqual(await as('tax').proposals('open'), []);
  await assert.rejects(as('tax').vote(forgotten.id, 'for'), isRefused('ConsortiumProposalClosed'));
  assert.equal((await as('tax').settle(forgotten.id)).state, 'lapsed');
  const anew = await as('bank').propose({ kind: 'suspend', org: 'court' });
  assert.notEqual(anew.id, forgotten.id);
});

test('what is unknown is said to be', async (t) => {
  const { as, ledger } = await consortium(t);
  await assert.rejects(as('bank').show('nobody'), isCode('MEMBER_UNKNOWN'));
  for (const call of [as('bank').vote(7, 'for'), as('bank').settle(7)]) {
    await assert.rejects(call, isCode('PROPOSAL_UNKNOWN'));
  }
  await assert.rejects(
    as('bank').propose({ kind: 'suspend', org: 'nobody' }),
    isRefused('ConsortiumUnknownOrganisation'),
  );
  const reader = openMembers({ org: 'bank', ledger: ledger.client(null), rpc: ledger.rpc, ports: { clock: Date } });
  assert.equal((await reader.list()).length, 4);
  await assert.rejects(reader.propose({ kind: 'suspend', org: 'tax' }), isCode('CHAIN_NO_ACCOUNT'));
});

test('a name, an endpoint or a payload that a member made up harms no reader', async (t) => {
  const { as, ledger } = await consortium(t);
  const hostile = { ...newcomer, endpoint: 'https://x.test/\u001b[2J\u202egnp' };
  await ledger.client('bank').proposeAdmission(hostile);
  const [proposal] = await as('tax').proposals('open');
  const text = proposalText(proposal!, 'en');
  assert.ok(text.includes('https://x.test/') && !text.includes('\u001b') && !text.includes('\u202e'), text);
});

test('an endpoint is TLS with its pin, or on this machine', () => {
  const pin = `#spki-sha256=${'a'.repeat(64)}`;
  for (const good of [
    `https://tax.example:8443${pin}`,
    'http://127.0.0.1:8080',
    `https://r.example/v1/relay/tax${pin}`,
  ]) {
    assert.ok(endpointSchema.safeParse(good).success, good);
  }
  for (const bad of [
    'https://tax.example',
    'http://tax.example',
    'ftp://x',
    '',
    'javascript:alert(1)',
    `http://a.example${pin}`,
  ]) {
    assert.equal(endpointSchema.safeParse(bad).success, false, bad);
  }
});
