/** A gate under a grant that asks for consent: when it refuses, what it logs, and whose notices it takes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ConsentCheckParts,
  consentCheck,
  consentKeys,
  consentSeen,
} from '@sealedger/node/approval/consent-check.ts';
import type { StateOperation } from '@sealedger/node/ports.ts';
import { type ConsentServiceParts, consentServices } from '@sealedger/node/services/consent.ts';
import type { ConsentNotice } from '@sealedger/protocol/consent-audit.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import { requestId } from '@sealedger/protocol/request.ts';
import { fakeDirectory, organisation, START_MS, testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';

const START = START_MS / 1000;
const regulator = organisation('watch', ['regulator']);
const other = organisation('other', ['regulator']);
const authority = organisation('authority', ['bank']);
const asking = requestDocument({ consent: { holder: 'authority' } });
const id = requestId(asking);
const needsConsent = { approved: true, conditions: { needsConsent: true } } as unknown as Grant;
const needsNone = { approved: true, conditions: { needsConsent: false } } as unknown as Grant;

function gate(change: Partial<ConsentCheckParts> = {}) {
  const values = new Map<string, unknown>();
  const clock = testClock();
  const members = fakeDirectory([regulator, other, authority]);
  const root = { size: 3, root: hexOf(1), committedAt: START - 86_400 };
  const state = {
    get: async <T>(key: string) => values.get(key) as T | undefined,
    list: async <T>(prefix: string) =>
      [...values].filter(([key]) => key.startsWith(prefix)) as unknown as readonly (readonly [string, T])[],
    write: async (operations: readonly StateOperation[]) => {
      for (const operation of operations) if (operation.type === 'put') values.set(operation.key, operation.value);
    },
  };
  const suspended: string[] = [];
  const parts: ConsentCheckParts = {
    ledger: { consent: async (holder) => (holder === 'authority' ? root : null) },
    members,
    state,
    clock,
    maxRootAgeDays: null,
    ...change,
  };
  const services = consentServices({
    config: { org: 'bureau' },
    clock,
    ledger: { request: async () => onChainView(asking) },
    members,
    state,
    usage: { suspendGrant: async (_: string, reason: string) => void suspended.push(reason) },
  } as unknown as ConsentServiceParts);
  const check = consentCheck(parts);
  const use = { kind: 'unlock', moment: 'order', requestId: id, count: 1 } as const;
  return {
    clock,
    members,
    values,
    suspended,
    unlock: (document = asking, grant: Grant | null = needsConsent) =>
      check(use, onChainView(document), document, grant ?? undefined),
    compute: () => check({ ...use, kind: 'compute' }, onChainView(asking), asking, needsConsent),
    notice: (change_: Partial<ConsentNotice> = {}, by = regulator, signedAtMs = clock.now(), caller = by.org) => {
      const notice = {
        suite: SUITE,
        version: 1,
        requestId: id,
        challenge: hexOf(7),
        state: 'open',
        deadline: START + 60,
      };
      const envelope = by.envelope(domains.consentNotice, { ...notice, ...change_ }, signedAtMs);
      return services.consentNotice(caller, envelope);
    },
  };
}

describe('unlocking where consent is asked for', () => {
  it('goes on while a holder’s root stands on chain, and asks nothing of computing or of other grants', async () => {
    await gate().unlock();
    const without = gate({ ledger: { consent: async () => assert.fail('nobody asked') } });
    await without.compute();
    await without.unlock(requestDocument(), needsNone);
    await without.unlock(requestDocument(), null);
  });

  it('is refused where the grant asks and the request names nobody; and asked where only the request names one', async () => {
    await assert.rejects(gate().unlock(requestDocument()), refusal('CONSENT_HOLDER_MISSING'));
    const rootless = gate({ ledger: { consent: async () => null } });
    await assert.rejects(rootless.unlock(asking, needsNone), refusal('CONSENT_ROOT_MISSING', { holder: 'authority' }));
    await assert.rejects(rootless.unlock(asking, null), refusal('CONSENT_ROOT_MISSING'));
  });

  it('is refused while the holder is suspended or unknown', async () => {
    const { members, unlock } = gate();
    members.suspended.add('authority');
    await assert.rejects(unlock(), refusal('MEMBER_SUSPENDED'));
    const unknown = requestDocument({ consent: { holder: 'nobody' } });
    await assert.rejects(gate().unlock(unknown), refusal('MEMBER_UNKNOWN'));
  });

  it('is refused once the root is older than the gate allows, to the second', async () => {
    const { clock, unlock } = gate();
    clock.move(86_400_000);
    const at = gate({ maxRootAgeDays: 2, clock });
    await at.unlock();
    clock.move(1000);
    await assert.rejects(at.unlock(), refusal('CONSENT_ROOT_OLD', { days: 2 }));
    await unlock();
  });

  it('is refused while an audit is past its deadline, and after one failed, whichever regulator it was', async () => {
    const { clock, notice, unlock, suspended } = gate();
    await notice();
    await unlock();
    clock.move(61_000);
    await assert.rejects(unlock(), refusal('CONSENT_AUDIT_OVERDUE', { regulator: 'watch' }));
    await notice({ state: 'passed' });
    await unlock();
    await notice({ state: 'failed' }, other);
    await assert.rejects(unlock(), refusal('CONSENT_AUDIT_FAILED', { regulator: 'other' }));
    assert.deepEqual(suspended, ['consent.audit-failed']);
    clock.move(1000);
    await notice({ state: 'passed' }, regulator);
    await assert.rejects(unlock(), refusal('CONSENT_AUDIT_FAILED'));
    await notice({ state: 'passed' }, other);
    await unlock();
  });

  it('writes down the size of the log that the gate saw', async () => {
    const ledger = {
      consent: async (holder: string) => (holder === 'authority' ? { size: 3, root: '', committedAt: 0 } : null),
    };
    assert.equal(await consentSeen(ledger, asking), 3);
    assert.equal(await consentSeen(ledger, requestDocument()), null);
    assert.equal(await consentSeen(ledger, requestDocument({ consent: { holder: 'nobody' } })), 0);
  });
});

describe('a regulator’s notice', () => {
  it('counts under its own name and key alone', async () => {
    const { notice, values } = gate();
    await assert.rejects(notice({}, regulator, START_MS, 'other'), refusal('ENVELOPE_SIGNER'));
    await assert.rejects(notice({}, organisation('nobody', ['regulator'])), refusal('MEMBER_UNKNOWN'));
    assert.equal(values.size, 0);
    await notice();
    assert.deepEqual([...values.keys()], [consentKeys.notice(id, 'watch')]);
  });

  it('is refused where an earlier one is sent again after a later one', async () => {
    const { clock, notice, unlock } = gate();
    const firstMs = clock.now();
    clock.move(10_000);
    await notice({ state: 'failed' });
    await assert.rejects(notice({ state: 'passed' }, regulator, firstMs), refusal('CONSENT_NOTICE_OLD'));
    await assert.rejects(unlock(), refusal('CONSENT_AUDIT_FAILED'));
  });

  it('is refused with a deadline years away, and for garbage', async () => {
    const { notice } = gate();
    await assert.rejects(notice({ deadline: START + 400 * 86_400 }), refusal('CONSENT_NOTICE_OTHER'));
    await assert.rejects(notice({ state: 'maybe' as never }), refusal('ENVELOPE_MALFORMED'));
    await assert.rejects(notice({ requestId: '../..' }), refusal('ENVELOPE_MALFORMED'));
  });
});
