import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { readSharedVectors } from './shared-vectors.ts';

type Vector = {
  Batch: number;
  Blind: string;
  BlindedElement: string;
  EvaluationElement: string;
  Info: string;
  Input: string;
  Output: string;
  Proof: { proof: string; r: string };
};
type Suite = {
  identifier: string;
  mode: number;
  seed: string;
  keyInfo: string;
  skSm: string;
  pkSm: string;
  vectors: Vector[];
};

/** RFC 9497, appendix A.1.3, typed in: ristretto255-SHA512, mode POPRF. */
const RFC: Suite = {
  identifier: 'ristretto255-SHA512',
  mode: 2,
  seed: 'a3'.repeat(32),
  keyInfo: '74657374206b6579',
  skSm: '145c79c108538421ac164ecbe131942136d5570b16d8bf41a24d4337da981e07',
  pkSm: 'c647bef38497bc6ec077c22af65b696efa43bff3b4a1975a3e8e0a1c5a79d631',
  vectors: [
    {
      Batch: 1,
      Input: '00',
      Info: '7465737420696e666f',
      Blind: '64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706',
      BlindedElement: 'c8713aa89241d6989ac142f22dba30596db635c772cbf25021fdd8f3d461f715',
      EvaluationElement: '1a4b860d808ff19624731e67b5eff20ceb2df3c3c03b906f5693e2078450d874',
      Proof: {
        proof:
          '41ad1a291aa02c80b0915fbfbb0c0afa15a57e2970067a602ddb9e8fd6b7100d' +
          'e32e1ecff943a36f0b10e3dae6bd266cdeb8adf825d86ef27dbc6c0e30c52206',
        r: '222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e',
      },
      Output:
        'ca688351e88afb1d841fde4401c79efebb2eb75e7998fa9737bd5a82a152406d' +
        '38bd29f680504e54fd4587eddcf2f37a2617ac2fbd2993f7bdf45442ace7d221',
    },
    {
      Batch: 2,
      Input: '00,5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a',
      Info: '7465737420696e666f',
      Blind:
        '64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706,' +
        '222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e',
      BlindedElement:
        'c8713aa89241d6989ac142f22dba30596db635c772cbf25021fdd8f3d461f715,' +
        '423a01c072e06eb1cce96d23acce06e1ea64a609d7ec9e9023f3049f2d64e50c',
      EvaluationElement:
        '1a4b860d808ff19624731e67b5eff20ceb2df3c3c03b906f5693e2078450d874,' +
        'aa1f16e903841036e38075da8a46655c94fc92341887eb5819f46312adfc0504',
      Proof: {
        proof:
          '43fdb53be399cbd3561186ae480320caa2b9f36cca0e5b160c4a677b8bbf4301' +
          'b28f12c36aa8e11e5a7ef551da0781e863a6dc8c0b2bf5a149c9e00621f02006',
        r: '419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c',
      },
      Output:
        'ca688351e88afb1d841fde4401c79efebb2eb75e7998fa9737bd5a82a152406d' +
        '38bd29f680504e54fd4587eddcf2f37a2617ac2fbd2993f7bdf45442ace7d221,' +
        '7c6557b276a137922a0bcfc2aa2b35dd78322bd500235eb6d6b6f91bc5b56a52' +
        'de2d65612d503236b321f5d0bebcbc52b64b92e426f29c9b8b69f52de98ae507',
    },
  ],
};

const poprf = await loadPoprf();
const bytesOf = (list: string) => list.split(',').map((hex) => fromHex(hex));

function assertSuite(suite: Suite): void {
  const keys = poprf.deriveKeyPair(fromHex(suite.seed), fromHex(suite.keyInfo));
  assert.equal(toHex(keys.secretKey), suite.skSm);
  assert.equal(toHex(keys.publicKey), suite.pkSm);
  assert.equal(toHex(poprf.publicKey(keys.secretKey)), suite.pkSm);
  for (const vector of suite.vectors) assertVector(vector, keys.secretKey, keys.publicKey);
}

function assertVector(vector: Vector, secretKey: Uint8Array, publicKey: Uint8Array): void {
  const [inputs, blinds, info] = [bytesOf(vector.Input), bytesOf(vector.Blind), fromHex(vector.Info)];
  assert.equal(inputs.length, vector.Batch);
  const blinded = inputs.map((input, i) => poprf.blind({ input, info, publicKey, blindScalar: blinds[i]! }));
  const blindedElements = blinded.map(({ blindedElement }) => blindedElement);
  assert.equal(blindedElements.map(toHex).join(','), vector.BlindedElement);
  const proofScalar = fromHex(vector.Proof.r);
  const { evaluatedElements, proof } = poprf.blindEvaluate({ secretKey, blindedElements, info, proofScalar });
  assert.equal(evaluatedElements.map(toHex).join(','), vector.EvaluationElement);
  assert.equal(toHex(proof), vector.Proof.proof);
  const { tweakedKey } = blinded[0]!;
  const batch = { inputs, blinds, blindedElements, evaluatedElements, proof, info, tweakedKey };
  assert.equal(poprf.finalizeBatch(batch).map(toHex).join(','), vector.Output);
  const direct = inputs.map((input) => poprf.evaluate({ secretKey, input, info }));
  assert.equal(direct.map(toHex).join(','), vector.Output);
}

test('agrees with RFC 9497, appendix A.1.3', () => {
  assertSuite(RFC);
});

test('agrees with every POPRF vector for ristretto255-SHA512 of the CFRG', (t) => {
  const text = readSharedVectors(t, 'oprf_rfc9497/allVectors.json');
  if (text === undefined) return;
  const suites = (JSON.parse(text) as Suite[]).filter((s) => s.identifier === RFC.identifier && s.mode === 2);
  assert.equal(suites.length, 1);
  assert.equal(suites[0]!.vectors.length, 3);
  assertSuite(suites[0]!);
});
