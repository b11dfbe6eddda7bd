/**
 * Headers that others made.
 *
 * QBFT: block 7528 of a Besu network of four validators, sealed in round 1, with the hash that was sealed; from the tests of
 * datachainlab/besu-qbft-elc (elc/src/header.rs). IBFT 2.0 form: Consensys/qbft-tests, BftBlockHeaderHashTests, whose keys are
 * 1 to 4 as in Besu's IbftBlockHashingTest. Extra data: Besu's QbftExtraDataCodecTest, GoQuorum's qbft engine_test.go. All
 * four projects are public under Apache-2.0 or (GoQuorum) LGPL-3.0; these are the data, not the code.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBftHeader, sealSigner } from '@sealedger/protocol/evidence/bft-header.ts';
import { readHeader } from '@sealedger/protocol/evidence/receipt-proof.ts';
import { findSeals } from '@sealedger/protocol/evidence/seals.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { encodeRlp } from 'ethers';
import { bftAddress } from './support/bft-headers.ts';

const EMPTY_ROOT = '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
const EMPTY_UNCLES = '1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';
const BFT_MIX_HASH = '63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365';

const besu = {
  header: [
    'f9033fa00af93e70b1c6d3974a88a42eb70bb61adbd523bfac0c83027ba4637c52746a0f',
    `a0${EMPTY_UNCLES}94ee3353e587cfa91625a1adaef308a726de3803d3`,
    'a0166ed98eea93ab2b6f6b1a425526994adc2d675bf9a0d77d600ed1e02d8f77df',
    `a0${EMPTY_ROOT}a0${EMPTY_ROOT}b90100${'00'.repeat(256)}`,
    '01821d688347b76080846640618bb90147',
    `f90144a0${'00'.repeat(32)}`,
    'f85494647bfdd19655e51e69d35454ff3a92f8828e630294a5c8416b9d13417b45b45ada76408f39d1e504ef',
    '94b92e91f4dcc9d28503be521afa2a8fbf3c1acf6094ee3353e587cfa91625a1adaef308a726de3803d3c001f8c9',
    'b841bc7633fd65570f610a595086e9a34e5bf6aacfb67b8f8cd01852e6b285147f046a50577b49378b86723ac9b456ef59ef7ab57cda',
    '7139d807f10f58e8cb10c67600',
    'b841ad1defc2b0b4a48158cff24778bb5ba4d9f373c171022ab0a42e37bdb0d4025718434d303a8d94df56ef9ad5219be9f27b2f6717',
    '9a7fb82d3323dde29546f9f701',
    'b841e233d3670dd97c715f72b440eeb1ccb1e22c8c23f6ab470c46c99c2d0ee6509f0341a42e0e4569782557e93c3815e8ca42940435',
    '95f69a90f73f135de8ecf41e00',
    `a0${BFT_MIX_HASH}880000000000000000`,
  ].join(''),
  sealedHash: '75ea184f58cd3f0ef89032a069df01f07ec524ef3a85cf6d3e424d62130c0a32',
  validators: [
    '647bfdd19655e51e69d35454ff3a92f8828e6302',
    'a5c8416b9d13417b45b45ada76408f39d1e504ef',
    'b92e91f4dcc9d28503be521afa2a8fbf3c1acf60',
    'ee3353e587cfa91625a1adaef308a726de3803d3',
  ],
};

const consensys = {
  fields: [
    '0xa7762d3307dbf2ae6a1ae1b09cf61c7603722b2379731b6b90409cdb8c8288a0',
    `0x${EMPTY_UNCLES}`,
    `0x${'00'.repeat(20)}`,
    '0xca07595b82f908822971b7e848398e3395e59ee52565c7ef3603df1a1fa7bc80',
    `0x${EMPTY_ROOT}`,
    `0x${EMPTY_ROOT}`,
    `0x${'00'.repeat(256)}`,
    '0x01',
    '0x01',
    '0x47c94c',
    '0x',
    '0x5b3c3db8',
    `0x${[
      'f90178a0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      `ea94${'00'.repeat(19)}0194${'00'.repeat(19)}02d794${'00'.repeat(19)}0381ff8400fedcbaf9010c`,
      'b8412d98a30d2844aa05b4fcf3abcd333e195d4ad365726a7b9a5bc19744dcec0ad42d129ad2890b86c32a969a9b511d8c1c846f7eb6',
      '94455bb29b7365ab260a188100',
      'b8416e65e1097c802f12fe12048871f228fc394fb005cbf5c55225adbff7e82c94d352fc83967effa3a777a9d50e677108b732258c7e',
      'f6e1a3e8fc34919b90e0f34e00',
      'b841b8462060df24936c7da7413fbf8ac706775d06ba052831075fd2059458ca91e971f35a7a90ec5225328fe25d6dec51de3a2d71e8',
      '1a581ceb98acdafd5bcd12f801',
      'b841be1cb71a2525013ae8ac676505597229265960b4d34654dc88249d1bc7e07a324f44b16542adad19bddade1785ac9687b656cbf6',
      '4685a2e6e6b4f04d9aad23cd00',
    ].join('')}`,
    `0x${BFT_MIX_HASH}`,
    `0x${'00'.repeat(8)}`,
  ],
  onChainHash: '8d8736980278155e486cf0543c0a53cd3a3c961c3b976c6a4ac7dc5310dad88d',
  sealedHash: 'b1d26d018658f2556a2c3f0080596055cb0d05bcab91397f8ae8f01ea831559c',
};

test('a QBFT header of Besu: what was sealed, and by three of its four validators', () => {
  const header = readHeader(besu.header);
  assert.equal(header.number, 7528);
  assert.ok(header.commit !== null && header.commit.scheme === 'qbft');
  assert.equal(header.commit.digest, besu.sealedHash);
  const signers = header.commit.seals.map((seal) => sealSigner(besu.sealedHash, seal));
  assert.deepEqual(signers, [besu.validators[0], besu.validators[3], besu.validators[1]]);
  const pins = { chainId: 2018, sealScheme: 'qbft', validators: besu.validators } as const;
  assert.deepEqual(findSeals(header, [], pins, nobleEd25519), { kind: 'sealed' });
  const foreign = { ...pins, validators: [...besu.validators.slice(0, 3), 'aa'.repeat(20)] };
  assert.equal(findSeals(header, [], foreign, nobleEd25519).kind, 'wrong seal');
});

test('an IBFT 2.0 header: the hash on chain, the hash that was sealed, and the four keys', () => {
  const header = readBftHeader(consensys.fields);
  assert.ok(header !== null && header.commit.scheme === 'ibft2');
  assert.equal(header.hash, consensys.onChainHash);
  assert.equal(header.commit.digest, consensys.sealedHash);
  const signers = header.commit.seals.map((seal) => sealSigner(header.commit.digest, seal));
  assert.deepEqual(
    signers,
    [1, 2, 3, 4].map((n) => bftAddress(n).slice(2)),
  );
  assert.equal(readHeader(encodeRlp(consensys.fields).slice(2)).hash, consensys.onChainHash);
});

test('extra data as Besu and GoQuorum write it', () => {
  const withExtra = (extraData: string) => readBftHeader(consensys.fields.toSpliced(12, 1, `0x${extraData}`));
  const codec = [
    'f8f0a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
    `ea94${'00'.repeat(19)}0194${'00'.repeat(19)}02d794${'00'.repeat(19)}0181ff83fedcbaf886`,
    `b841${'00'.repeat(31)}01${'00'.repeat(31)}0a00b841${'00'.repeat(31)}0a${'00'.repeat(31)}0100`,
  ].join('');
  const besuExtra = withExtra(codec);
  assert.deepEqual([besuExtra?.commit.scheme, besuExtra?.commit.seals.length], ['qbft', 2]);
  const validators = [
    '9444add0ec310f115a0e603b2d7db9f067778eaf8a94294fc7e8f22b3bcdcf955dd7ff3ba2ed833f8212',
    '946beaaed781d2d2ab6350f5c4566a2c6eaac407a6948be76812f765c24641ec63dc2852b378aba2b440',
  ].join('');
  const quorumExtra = withExtra(`f87aa0${'00'.repeat(32)}f854${validators}c080c0`);
  assert.deepEqual([quorumExtra?.commit.scheme, quorumExtra?.commit.seals.length], ['qbft', 0]);
});
