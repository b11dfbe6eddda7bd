/** Chunks of two departments and two gates, added, unlocked and decrypted by SEAL, against the cleartext integers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, utf8 } from '@sealedger/protocol/bytes.ts';
import { chunkCount } from '@sealedger/protocol/computation.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { locatorFromOutput } from '@sealedger/protocol/register.ts';
import { subtractPads } from '@sealedger/protocol/rlwe/masks.ts';
import { RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import { DEPARTMENT_CHUNK_BYTES, GATE_CHUNK_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { commonSlot, gateLocators, type SealedTable } from '@sealedger/sdk/sealed-table.ts';
import { keyOf } from './support/organisations.ts';
import {
  type Computation,
  departments,
  gates,
  idBytesOf,
  parameters,
  sealedConsortium,
} from './support/sealed-consortium.ts';
import { subjectOf } from './support/subjects.ts';

const poprf = await loadPoprf();
const weights = { court: [-70_001n, 1_234_567n], tax: [90_000n, -800_000n, 3n] };

async function sealWeights() {
  const owner = await createSealedModelOwner({ parameters });
  const weightRecords = { court: owner.encryptWeights(weights.court), tax: owner.encryptWeights(weights.tax) };
  return { owner, records: { publicKeyRecord: owner.publicKeyRecord, weightRecords } };
}

/** The bank's table over all chunks, with the locators that the gates sent. */
function tableOf(computation: Computation, people: number): SealedTable {
  const chunks = Array.from({ length: chunkCount(people, RING_DEGREE) }, (_, chunk) => chunk);
  return {
    requestId: '',
    computationId: computation.id,
    people,
    chunks: chunks.map((chunk) => computation.sum(chunk)),
    gates: gates.map((gate) => {
      const from = gate === 'tax' ? DEPARTMENT_CHUNK_BYTES : GATE_CHUNK_BYTES;
      const locators = concat(...chunks.map((chunk) => computation.chunk(gate, chunk).subarray(from)));
      return gateLocators(gate, new Uint8Array(32), locators);
    }),
  };
}

describe('the sum of all chunks, unlocked and decrypted,', () => {
  for (const people of [1, 8191, 8192, 8193]) {
    it(`is the cleartext sum plus release noise in a register of ${people}`, async () => {
      const consortium = sealedConsortium(people, poprf);
      const { owner, records } = await sealWeights();
      const computation = consortium.compute(`parity/${people}`, records);
      const table = tableOf(computation, people);
      const evaluators = gates.map((gate) =>
        poprf.createEvaluator(
          poprf.deriveKeyPair(keyOf(`${gate}/epoch`), utf8('test')).secretKey,
          idBytesOf(computation),
        ),
      );
      const locatorsOf = (subject: string) => evaluators.map((e) => locatorFromOutput(e.evaluate(utf8(subject))));
      const ranks = new Set([0, people - 1, ...Array.from({ length: 60 }, (_, i) => (i * 137) % people)]);
      for (const slot of [0, 1, people - 1, 8191, 8192]) if (slot < people) ranks.add(computation.rankOfSlot[slot]!);
      for (const rank of ranks) {
        const subject = Buffer.from(consortium.identifiers.subarray(18 * rank, 18 * rank + 18)).toString();
        const slot = commonSlot(table, locatorsOf(subject));
        assert.equal(slot, computation.slotOfRank[rank]);
        const index = slot % RING_DEGREE;
        const bare = subtractPads(
          table.chunks[Math.floor(slot / RING_DEGREE)]!,
          gates.map((gate) => ({ index, pads: computation.pads(gate, rank) })),
        );
        const parts = departments.map((party) => consortium.partOf(party, weights[party], rank));
        const released = parts.reduce((sum, part) => sum + part.released, 0n);
        assert.deepEqual(owner.openCoefficients(bare, [index]), [released]);
        const exact = parts.reduce((sum, part) => sum + part.exact, 0n);
        const noise = Number(released - exact) / 2 ** 20;
        assert.ok(Math.abs(noise) <= Math.SQRT2 * 2 ** -13 + 2 ** -19, String(noise));
      }
      assert.equal(commonSlot(table, locatorsOf(subjectOf(people))), -1);
      owner.delete();
    });
  }
});
