/**
 * What shows outside of a node, looked through for what must not: identifiers, keys, cells. Pieces of every stage run with
 * planted values; every error is logged and answered as the node does it, then logs, answers, events and writes to the
 * chain are searched.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkTable, datasetMetadata } from '@sealedger/node/catalogue/dataset.ts';
import { fileFingerprint } from '@sealedger/node/catalogue/fingerprint.ts';
import { publishVersion } from '@sealedger/node/catalogue/publish.ts';
import { plainCsv } from '@sealedger/node/catalogue/rows.ts';
import { loadColumns } from '@sealedger/node/compute/columns.ts';
import { createKeystore, openKeystore } from '@sealedger/node/keys/keystore.ts';
import { createLogger } from '@sealedger/node/log.ts';
import { createEpochKeys } from '@sealedger/node/match/epoch-keys.ts';
import { assertRegister } from '@sealedger/node/match/register.ts';
import { openRegistrar } from '@sealedger/node/match/registrar.ts';
import { acceptRequest } from '@sealedger/node/request/intake.ts';
import { createModelStore } from '@sealedger/node/request/model-store.ts';
import { statusOf } from '@sealedger/node/server/problem.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { metadataHash } from '@sealedger/protocol/dataset.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { LEAST_KEYSTORE_COST } from '@sealedger/protocol/keystore.ts';
import { errorCodes, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { problemOf } from '@sealedger/protocol/problem.ts';
import { fakeLedger } from './support/fake-ledger.ts';
import { bank, bureau, gateKey, openGate, orderFor, poprf } from './support/gate-fixture.ts';
import { openNodeState } from './support/node-state.ts';
import { keyOf } from './support/organisations.ts';
import { assertFree, everythingOf } from './support/refusals.ts';
import { onChainView, requestDocument } from './support/request-fixture.ts';
import { subjectsOf } from './support/subjects.ts';
import { csvOf, temporaryDirectory, writeTable } from './support/temporary.ts';

const people = subjectsOf(12, 4000);
const wrong = people[3]!.slice(0, 17) + (people[3]!.endsWith('X') ? '1' : 'X');
const CELL = 'PlantedCellValue';
const PASSPHRASE = 'Planted passphrase 7391';
const NUMBER = '918273.6455';

describe('what shows of a node', () => {
  it('has no identifier, no key and no cell in logs, answers, events and transactions', async (t) => {
    const directory = await temporaryDirectory(t);
    const shown: unknown[] = [];
    const log = createLogger('tax', (line) => void shown.push(line));
    let refused = 0;
    /** Runs a piece; its refusal is logged and answered as the node does it. */
    const attempt = async (piece: () => unknown): Promise<void> => {
      try {
        await piece();
      } catch (error) {
        refused += 1;
        log.error('failed', {}, error);
        const safe = isProtocolError(error) ? error : new ProtocolError('INTERNAL', {});
        shown.push(JSON.stringify(problemOf(safe, statusOf(safe.code))), messageFor(safe.code, safe.details, 'zh-CN'));
      }
    };
    const node = await openNodeState(join(directory, 'state'), 'tax');
    t.after(node.close);
    const ledger = fakeLedger('tax');
    const publish = { org: 'tax', state: node.state, ledger, events: node.events };
    const fields = [
      { name: 'income', kind: 'number' as const, missing: 0 },
      { name: 'note', kind: 'text' as const },
    ];
    const config = { name: 'returns', subject: 'id_number', level: 3, fields };

    const tables = [
      people.map((s) => [s, NUMBER, CELL]),
      [
        [people[0]!, NUMBER, CELL],
        [wrong, NUMBER, CELL],
      ],
      [
        [people[0]!, NUMBER, CELL],
        [people[0]!, NUMBER, CELL],
      ],
      [[people[0]!, CELL, CELL]],
      [[people[0]!, NUMBER, `"${CELL}"${CELL}`]],
      [[people[0]!, NUMBER, CELL, CELL]],
    ];
    const seed = keyOf('tax/seed');
    const register = await openRegistrar(
      { ...publish, directory, seed },
      {
        name: 'people',
        file: await writeTable(
          directory,
          'people.csv',
          csvOf(
            ['id_number'],
            people.map((s) => [s]),
          ),
        ),
        subject: 'id_number',
      },
    );
    const material = await register.material(register.published.id);
    const view = { id: register.published.id, key: material.key, tags: material.tags, people: people.length };
    for (const [i, rows] of tables.entries()) {
      const file = await writeTable(directory, `t${i}.csv`, csvOf(['id_number', 'income', 'note'], rows));
      const fingerprint = await fileFingerprint(keyOf('fingerprint'), file);
      await attempt(() =>
        publishVersion(publish, {
          ...config,
          fingerprint,
          metadataHash: (version) => metadataHash(datasetMetadata('tax', config, version)),
          measure: async () => ({ rows: await checkTable({ ...config, ...plainCsv(file) }), commitment: fingerprint }),
        }),
      );
      const income = {
        party: 'tax',
        field: 'income',
        transform: 'linear' as const,
        clip: [0, 1] as [number, number],
        missing: 0,
        valueBits: 16,
      };
      await attempt(() => loadColumns({ ...config, ...plainCsv(file) }, [income], view));
    }
    await attempt(() => assertRegister({ ...view, key: keyOf('x') }, keyOf('c'), material));
    await attempt(() => assertRegister(view, keyOf('c'), material));

    const document = requestDocument();
    const chainView = onChainView(document, { state: 'submitted' });
    ledger.requests.set(chainView.id, chainView);
    await attempt(() => acceptRequest(ledger, { ...document, legalBasis: people[0], nonce: people[0] }, 'bank'));
    await attempt(() => acceptRequest(ledger, { ...document, [people[1]!]: 1 }, 'bank'));
    await attempt(() =>
      createModelStore('tax', join(directory, 'models')).receive(
        document,
        async (sink) => void sink.end(Buffer.from(CELL)),
      ),
    );
    const epochs = createEpochKeys('tax', node.state, ledger, poprf);
    await epochs.publish(chainView.id);
    const keys = await createKeystore(join(directory, 'keystore.json'), 'tax', PASSPHRASE, LEAST_KEYSTORE_COST);
    await writeTable(directory, 'broken.json', `{"signing":"${toHex(keys.signing)}"`);
    await attempt(() => openKeystore(join(directory, 'broken.json'), PASSPHRASE));
    await attempt(() => openKeystore(join(directory, 'keystore.json'), `${PASSPHRASE}.`));

    const gate = await openGate(join(directory, 'gate'));
    t.after(gate.node.close);
    await gate.unlocking.unlock('bank', orderFor(gate, people).frame);
    await attempt(() => gate.unlocking.unlock('bank', orderFor(gate, people).frame));
    await attempt(() => gate.unlocking.unlock('bank', orderFor(gate, people, { gate: 'tax' }).frame));
    await attempt(() => {
      throw new TypeError(`cannot read ${people[5]} of ${CELL}`);
    });

    assert.ok(refused >= 16, String(refused));
    shown.push(ledger.writes, gate.ledger.writes, await node.logged(), await gate.node.logged(), register.published);
    const secrets = [
      keys.signing,
      keys.account,
      keys.sealing,
      keys.seed,
      seed,
      material.key,
      gateKey.secretKey,
      bank.signing,
      bureau.signing,
      await epochs.secret(chainView.id),
      keyOf('tax/salts'),
    ].flatMap((bytes) => [toHex(bytes), Buffer.from(bytes).toString('base64')]);
    assertFree(shown.map((item) => (typeof item === 'string' ? item : everythingOf(item))).join('\n'), [
      ...people,
      wrong,
      CELL,
      NUMBER,
      PASSPHRASE,
      ...secrets,
    ]);
  });

  it('on disk keeps identifiers to the register alone', async (t) => {
    const directory = await temporaryDirectory(t);
    const gate = await openGate(join(directory, 'state'));
    await gate.unlocking.unlock('bank', orderFor(gate, people).frame);
    await gate.node.close();
    for (const name of await readdir(join(directory, 'state'))) {
      const bytes = await readFile(join(directory, 'state', name));
      assertFree(bytes.toString('latin1'), [...people, toHex(gateKey.secretKey), toHex(bureau.signing)]);
    }
  });
});

describe('the catalogue of messages', () => {
  it('has both languages for every code, with the same details in them', () => {
    const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const code of errorCodes) {
      const [en, zh] = [messageFor(code, {}, 'en'), messageFor(code, {}, 'zh-CN')];
      assert.ok(en.length > 0 && zh.length > 0, code);
      assert.deepEqual(names(zh), names(en), code);
    }
  });

  it('has every code in one area only, so that no text hides another', async () => {
    const folder = new URL('../../protocol/messages/', import.meta.url);
    const seen = new Map<string, string>();
    for (const file of (await readdir(folder)).filter((name) => name !== 'catalogue.ts')) {
      const source = await readFile(new URL(file, folder), 'utf8');
      for (const [, code] of source.matchAll(/^ {2}([A-Z0-9_]+): \{/gm)) {
        assert.equal(seen.get(code!), undefined, `${code} stands in ${seen.get(code!)} and in ${file}`);
        seen.set(code!, file);
      }
    }
    assert.equal(seen.size, errorCodes.length);
  });

  it('shows a detail once and never runs it as a pattern', () => {
    assert.equal(messageFor('PEER_UNREACHABLE', { peer: '$& {peer}' }, 'en'), '$& {peer} cannot be reached.');
    assert.ok(messageFor('PEER_UNREACHABLE', {}, 'en').includes('{peer}'));
  });
});
