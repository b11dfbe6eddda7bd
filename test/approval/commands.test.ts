/** The commands of people who decide, from the command line to the chain. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { lifeKeys } from '@sealedger/node/catalogue/life.ts';
import { decideCommand } from '@sealedger/node/cli/decide-command.ts';
import { policyCommand } from '@sealedger/node/cli/policy-command.ts';
import { requestCommand } from '@sealedger/node/cli/request-command.ts';
import { pseudonym } from '@sealedger/node/people.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { testPerson } from '../keys/support/persons.ts';
import { refusal } from '../node/support/refusals.ts';
import { requestDocument } from '../node/support/request-fixture.ts';
import { type ApprovingNode, approvingNode } from './support/node.ts';
import { bounds } from './support/owner.ts';

const PEOPLE = [
  testPerson('ann', 'approver'),
  testPerson('ben', 'approver', 'steward'),
  testPerson('cy', 'steward'),
  testPerson('dee', 'auditor'),
  testPerson('eve', 'operator'),
];

async function waitingNode(t: TestContext, change = {}): Promise<ApprovingNode> {
  const node = await approvingNode(t, [bounds({ decidedBy: 'person' })], PEOPLE, change);
  assert.equal(await node.approval.decide(node.deciding()), undefined);
  return node;
}

const approve = (node: ApprovingNode, by: string, ...more: readonly string[]) =>
  node.run(decideCommand, node.id.slice(0, 12), '--approve', '--reason', 'in order', '--by', by, ...more);

describe('a decision at the command line', () => {
  it('is listed, shown, taken and on chain; the node shows its gate key', async (t) => {
    const node = await waitingNode(t);
    const list = await node.run(requestCommand, 'list', '--json');
    assert.equal(list.code, 0);
    const [summary] = JSON.parse(list.out).requests;
    assert.deepEqual([summary.requestId, summary.policy, summary.approvals], [node.id, 'ask', { given: 0, needed: 1 }]);
    assert.deepEqual(
      summary.timers.map(({ kind, state }: { kind: string; state: string }) => [kind, state]),
      [
        ['acknowledge', 'met'],
        ['answer', 'running'],
      ],
    );
    const shown = await node.run(requestCommand, 'show', node.id.slice(0, 8));
    assert.match(shown.out, /returns {2}Level 3 {2}Quality - {2}ask a person {2}within-bounds/);
    assert.match(shown.out, /within-bounds\/sealedger:askPerson/);
    const decided = await approve(node, 'ann', '--hours', '09:00/17:00', '--json');
    assert.equal(decided.code, 0, decided.err);
    const answer = JSON.parse(decided.out);
    assert.deepEqual([answer.status, answer.approvers, answer.isSent], ['decided', 1, true]);
    assert.deepEqual(node.ledger.writes[0]!.args.slice(0, 2), [node.id, true]);
    assert.deepEqual(node.shown, [node.id]);
    assert.deepEqual(JSON.parse((await node.run(requestCommand, 'list', '--json')).out).requests, []);
    const after = JSON.parse((await node.run(requestCommand, 'show', node.id, '--json')).out);
    assert.deepEqual([after.conditions.hours, after.reasons[0].text], [['09:00/17:00'], 'in order']);
  });

  it('is not a steward’s, an auditor’s, an operator’s or nobody’s', async (t) => {
    const node = await waitingNode(t);
    for (const by of ['cy', 'dee', 'eve']) await assert.rejects(approve(node, by), refusal('PERSON_ROLE'));
    await assert.rejects(approve(node, 'fay'), refusal('PERSON_REFUSED'));
    const words = [node.id, '--approve', '--reason', 'x'];
    await assert.rejects(node.run(decideCommand, ...words), refusal('PERSON_MISSING'));
    assert.deepEqual(node.ledger.writes, []);
  });

  it('is one of three, with a reason, and never with looser or unknown conditions', async (t) => {
    const node = await waitingNode(t);
    const both = await node.run(decideCommand, node.id, '--approve', '--reject', '--reason', 'x', '--by', 'ann');
    assert.deepEqual([both.code, both.out], [2, '']);
    const wrong = {
      ARGUMENT_INVALID: [
        ['--approve'],
        ['--approve', '--reason', 'x', '--require', 'nothing'],
        ['--reject', '--reason', 'x', '--require', 'consent'],
      ],
      SCHEMA_MISMATCH: [
        ['--approve', '--reason', ' '],
        ['--approve', '--reason', 'x', '--hours', '17:00/09:00'],
        ['--approve', '--reason', 'x', '--hours', '25:00/26:00'],
        ['--approve', '--reason', 'x', '--weekdays', '8'],
        ['--approve', '--reason', 'x', '--quality-floor', '10001'],
      ],
    } as const;
    for (const code of ['ARGUMENT_INVALID', 'SCHEMA_MISMATCH'] as const) {
      for (const words of wrong[code]) {
        await assert.rejects(node.run(decideCommand, node.id, ...words, '--by', 'ann'), refusal(code));
      }
    }
    assert.deepEqual(node.ledger.writes, []);
  });

  it('waits here while the chain is away and is sent, with the gate key, once it is back', async (t) => {
    const node = await waitingNode(t);
    const { decide } = node.ledger;
    node.ledger.decide = async () => Promise.reject(new ProtocolError('CHAIN_UNREACHABLE', {}));
    const answer = JSON.parse((await approve(node, 'ann', '--json')).out);
    assert.deepEqual([answer.status, answer.isSent, node.shown], ['decided', false, []]);
    node.ledger.decide = decide;
    await node.approval.tick();
    await node.approval.tick();
    assert.deepEqual([node.ledger.writes.length, node.shown], [1, [node.id]]);
  });

  it('of a second approver is asked for with exit 1, and given by another person', async (t) => {
    const node = await waitingNode(t, { dataset: { level: 4 } });
    const first = await approve(node, 'ann');
    assert.equal(first.code, 1);
    assert.match(first.out, /second approver/);
    await assert.rejects(approve(node, 'ann'), refusal('PERSON_SAME'));
    const second = await approve(node, 'ben');
    assert.equal(second.code, 0);
    assert.match(second.out, /approvers 2/);
  });

  it('is not of who drafted the dataset’s entry', async (t) => {
    const node = await waitingNode(t);
    const { id, name, version } = node.document.datasets.find(({ owner }) => owner === 'tax')!;
    const record = { id, name, version, state: 'published', preparers: [pseudonym(node.personKey, 'ben')] };
    await node.state.write([{ type: 'put', key: lifeKeys.version(name, version), value: record }]);
    await assert.rejects(approve(node, 'ben'), refusal('PERSON_PREPARED'));
    assert.equal((await approve(node, 'ann')).code, 0);
  });

  it('is taken once by two who decide in the same moment', async (t) => {
    const node = await waitingNode(t);
    const outcomes = await Promise.allSettled([approve(node, 'ann'), approve(node, 'ben')]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(node.ledger.writes.length, 1);
  });

  it('is ended by a revocation', async (t) => {
    const node = await waitingNode(t);
    await approve(node, 'ann');
    node.ledger.change(node.id, { state: 'active' });
    await assert.rejects(
      node.run(requestCommand, 'revoke', node.id, '--reason', 'x', '--by', 'cy'),
      refusal('PERSON_ROLE'),
    );
    const revoked = await node.run(decideCommand, node.id, '--revoke', '--reason', 'misused', '--by', 'ben');
    assert.equal(revoked.code, 0);
    assert.equal(node.ledger.writes.at(-1)!.call, 'revoke');
  });
});

describe('a policy at the command line', () => {
  it('is put in force by a steward, who may not approve what it sends to a person', async (t) => {
    const node = await approvingNode(t, [], PEOPLE);
    const file = join(node.directory, 'policy.json');
    await writeFile(file, JSON.stringify(bounds({ decidedBy: 'person' })));
    await assert.rejects(node.run(policyCommand, 'apply', file, '--by', 'dee'), refusal('PERSON_ROLE'));
    assert.equal((await node.run(policyCommand, 'apply', file, '--by', 'ben')).code, 0);
    await node.approval.decide(node.deciding());
    await assert.rejects(approve(node, 'ben'), refusal('PERSON_PREPARED'));
    const shown = JSON.parse((await node.run(policyCommand, 'show', '--json')).out);
    assert.equal(shown.policies[0].actor, pseudonym(node.personKey, 'ben'));
    assert.equal((await approve(node, 'ann')).code, 0);
  });

  it('that somebody took away or narrowed leaves that person out of what it spoke about', async (t) => {
    const file = (node: ApprovingNode) => join(node.directory, 'policy.json');
    const narrowed = await waitingNode(t);
    await writeFile(file(narrowed), JSON.stringify(bounds({ datasets: ['elsewhere'] })));
    assert.equal((await narrowed.run(policyCommand, 'apply', file(narrowed), '--by', 'ben')).code, 0);
    await assert.rejects(approve(narrowed, 'ben'), refusal('PERSON_PREPARED'));
    assert.equal((await approve(narrowed, 'ann')).code, 0);

    const removed = await approvingNode(t, [], PEOPLE);
    await writeFile(file(removed), JSON.stringify(bounds({ maxQuota: 1 })));
    await removed.run(policyCommand, 'apply', file(removed), '--by', 'cy');
    await removed.run(policyCommand, 'remove', 'urn:sealedger:policy:own', '--by', 'ben');
    await removed.approval.decide(removed.deciding());
    await assert.rejects(approve(removed, 'ben'), refusal('PERSON_PREPARED'));
    assert.equal((await approve(removed, 'ann')).code, 0);
  });

  it('is one of at most 64, and replacing one is no further one', async (t) => {
    const node = await approvingNode(t, [], PEOPLE);
    const applied = (i: number) => ({
      type: 'put' as const,
      key: `policy/${bounds({ name: `p${i}` }).uid}`,
      value: { policy: bounds({ name: `p${i}` }), replaced: null, actor: 'ab'.repeat(32), at: 0 },
    });
    await node.state.write(Array.from({ length: 64 }, (_, i) => applied(i)));
    const file = join(node.directory, 'policy.json');
    await writeFile(file, JSON.stringify(bounds({ name: 'p64' })));
    await assert.rejects(node.run(policyCommand, 'apply', file, '--by', 'cy'), refusal('POLICY_LIMIT'));
    await writeFile(file, JSON.stringify(bounds({ name: 'p7', maxQuota: 1 })));
    assert.equal((await node.run(policyCommand, 'apply', file, '--by', 'cy')).code, 0);
  });

  it('that changes while a request waits is shown with what it was', async (t) => {
    const node = await waitingNode(t);
    const file = join(node.directory, 'policy.json');
    await writeFile(file, JSON.stringify(bounds({ maxQuota: 1 })));
    await node.run(policyCommand, 'apply', file, '--by', 'eve');
    const shown = JSON.parse((await node.run(requestCommand, 'show', node.id, '--json')).out);
    assert.deepEqual([shown.isPolicyChanged, shown.policy, shown.now.decision], [true, 'ask', 'reject']);
    await assert.rejects(approve(node, 'ann'), refusal('POLICY_PROHIBITS'));
    const uid = 'urn:sealedger:policy:own';
    assert.equal((await node.run(policyCommand, 'remove', uid, '--by', 'eve')).code, 0);
    await assert.rejects(node.run(policyCommand, 'remove', uid, '--by', 'eve'), refusal('POLICY_NOT_APPLIED'));
    assert.equal((await approve(node, 'ann')).code, 0);
  });
});

describe('what a person sees of a request', () => {
  it('says why a person decides although the policy approves', async (t) => {
    const node = await approvingNode(t, [bounds({ consent: 'needed' })], PEOPLE);
    assert.equal(await node.approval.decide(node.deciding()), undefined);
    const list = JSON.parse((await node.run(requestCommand, 'list', '--json')).out);
    assert.equal(list.requests[0].rule, 'consent-holder-missing');
    const shown = await node.run(requestCommand, 'show', node.id);
    assert.match(shown.out, /why a person decides\n.*names nobody who holds a log of consents/);
    await assert.rejects(approve(node, 'ann'), refusal('CONSENT_HOLDER_MISSING'));
  });

  it('has the requester’s history and where a new version differs', async (t) => {
    const node = await waitingNode(t);
    const newer = requestDocument({ quota: 50, previous: { requestId: node.id, change: 'amendment' } });
    const deciding = node.deciding();
    const id = 'cd'.repeat(32);
    await node.state.write([{ type: 'put', key: `document/${id}`, value: newer }]);
    node.ledger.requests.set(id, { ...deciding.onChain, id });
    await node.approval.decide({ ...deciding, document: newer, onChain: { ...deciding.onChain, id } });
    const shown = JSON.parse((await node.run(requestCommand, 'show', id, '--json')).out);
    assert.deepEqual(
      shown.differences.map(({ path, before, after }: Record<string, string>) => [path, before, after]),
      [
        ['quota', '100', '50'],
        ['previous', 'null', `{"change":"amendment","requestId":"${node.id}"}`],
      ],
    );
    assert.deepEqual([shown.history.total, shown.history.used, shown.history.latest[0].requestId], [1, 7, node.id]);
    const text = (await node.run(requestCommand, 'show', id, '--lang', 'zh-CN')).out;
    assert.match(text, /与前一版本的差异/);
  });

  it('still comes while the chain is away, without what only the chain says', async (t) => {
    const node = await waitingNode(t);
    node.ledger.away = true;
    const shown = JSON.parse((await node.run(requestCommand, 'show', node.id, '--json')).out);
    assert.deepEqual([shown.state, shown.now, shown.decision], [null, null, 'waiting']);
  });

  it('has its files copied under names of no path', async (t) => {
    const attachment = { name: '../../etc/pass wd', mediaType: 'text/plain', bytes: 3, sha256: 'ef'.repeat(32) };
    const node = await waitingNode(t, { document: { attachments: [attachment] } });
    const out = join(node.directory, 'out');
    const missing = await node.run(requestCommand, 'attachments', node.id, '--out', out, '--json');
    const [file] = JSON.parse(missing.out).files;
    assert.deepEqual([missing.code, file.isHere], [1, false]);
    await assert.rejects(approve(node, 'ann'), refusal('REQUEST_INCOMPLETE'));
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, 'abc');
    assert.equal((await node.run(requestCommand, 'attachments', node.id, '--out', out)).code, 0);
    const names = await readdir(out);
    assert.deepEqual(names, ['efefefefefef-pass_wd']);
    assert.equal(await readFile(join(out, names[0]!), 'utf8'), 'abc');
  });
});
