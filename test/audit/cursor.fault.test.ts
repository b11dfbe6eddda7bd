/** The watcher dies at every write in turn: the cursor never stands behind what is not stored, and nothing is missed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { Archive } from '@sealedger/sdk/audit/archive.ts';
import { lookOnce } from '@sealedger/sdk/audit/look.ts';
import type { AuditStore } from '@sealedger/sdk/audit/ports.ts';
import { memoryStore } from '@sealedger/sdk/cli/native.ts';
import { retiredDraft, unlockingDraft } from '../evidence/support/request-story.ts';
import { codesOf, type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

const DIED = 'the process died here';

/** A store whose n-th write from now never happens, and none after it. */
function dyingStore(store: AuditStore, writes: number): AuditStore {
  let left = writes;
  return {
    get: (key) => store.get(key),
    put: async (key, value) => {
      if (left === 0) throw new Error(DIED);
      left -= 1;
      await store.put(key, value);
    },
  };
}

function mapStore(values: Map<string, Uint8Array>): AuditStore {
  return { get: async (key) => values.get(key), put: async (key, value) => void values.set(key, value) };
}

/** What the archive must hold whenever it is opened: as much as its cursors say. */
async function assertWhole({ story }: PaperConsortium, store: AuditStore): Promise<Archive> {
  const archive = await Archive.open(store, story.trust);
  for (const [org, { entries }] of archive.logs) {
    for (const [index, entry] of entries.entries()) {
      assert.equal(entry.index, index);
      assert.deepEqual(entry.signed, (await story.logs[org as 'tax'].eventAt(index)).signed);
    }
  }
  return archive;
}

async function eventsOf(archive: Archive): Promise<string[]> {
  return archive.facts.map(({ event }) => `${event.blockNumber}/${event.logIndex} ${event.name}`);
}

describe('a watcher that dies', () => {
  it('at any write goes on where it was, reads nothing twice into its archive and skips nothing', async () => {
    const world = await paperConsortium();
    try {
      await world.look();
      const complete = await eventsOf(world.context.archive);
      for (let writes = 0; ; writes++) {
        const store = memoryStore();
        const died = await lookOnce(await world.reopen(dyingStore(store, writes))).then(
          () => false,
          (error: unknown) => {
            assert.equal((error as Error).message, DIED);
            return true;
          },
        );
        await assertWhole(world, store);
        const view = await lookOnce(await world.reopen(store));
        assert.deepEqual(codesOf(view), {});
        assert.deepEqual(await eventsOf(await assertWhole(world, store)), complete);
        if (!died) break;
        assert.ok(writes < 20);
      }
    } finally {
      await world.close();
    }
  });

  it('in its second look finds afterwards what it was about to find', async () => {
    const world = await paperConsortium();
    try {
      const first = new Map<string, Uint8Array>();
      await lookOnce(await world.reopen(mapStore(first)));
      await world.story.logs.bureau.append([unlockingDraft(3, 6, 11)]);
      for (let writes = 0; writes < 3; writes++) {
        const store = mapStore(new Map(first));
        const told: string[] = [];
        const onFindings = async (findings: readonly { readonly code: string }[]): Promise<void> => {
          told.push(...findings.map(({ code }) => code));
        };
        await lookOnce(await world.reopen(dyingStore(store, writes)), { onFindings }).catch(() => undefined);
        const view = await lookOnce(await world.reopen(store), { onFindings });
        assert.deepEqual(codesOf(view), { FINDING_OVER_QUOTA: 1 });
        assert.ok(told.includes('FINDING_OVER_QUOTA'), 'told at least once');
      }
    } finally {
      await world.close();
    }
  });

  it('while it tells does not move on: it tells again', async () => {
    const world = await paperConsortium();
    try {
      await world.look();
      await world.story.logs.tax.append([retiredDraft()]);
      await world.story.logs.bureau.append([unlockingDraft(3, 6, 11)]);
      const before = world.context.archive.log('bureau').frontier.size;
      const dying = world.look({ onFindings: () => Promise.reject(new Error(DIED)) });
      await assert.rejects(dying, new RegExp(DIED));
      assert.equal((await Archive.open(world.store, world.story.trust)).log('bureau').frontier.size, before);
      const told: string[] = [];
      await world.look({ onFindings: async (findings) => void told.push(...findings.map(({ code }) => code)) });
      assert.deepEqual(told, ['FINDING_OVER_QUOTA']);
    } finally {
      await world.close();
    }
  });
});

describe('an archive', () => {
  it('of another chain, or with a part missing, is refused', async () => {
    const world = await paperConsortium();
    try {
      await world.look();
      const other = { ...world.story.trust, chainId: 7 };
      await assert.rejects(Archive.open(world.store, other), (error) => isProtocolError(error, 'AUDIT_STATE_OTHER'));
      const holed: AuditStore = {
        ...world.store,
        get: async (key) => (key.startsWith('audit/log/tax') ? undefined : world.store.get(key)),
      };
      await assert.rejects(Archive.open(holed, world.story.trust), (error) =>
        isProtocolError(error, 'AUDIT_STATE_UNREADABLE'),
      );
      const garbled: AuditStore = { ...world.store, get: async () => new Uint8Array([123]) };
      await assert.rejects(Archive.open(garbled, world.story.trust), (error) =>
        isProtocolError(error, 'AUDIT_STATE_UNREADABLE'),
      );
    } finally {
      await world.close();
    }
  });
});
