import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { blockSealDigest, sealBlock, verifyBlockSeal } from '@sealedger/protocol/ledger/block-seal.ts';
import { asRoles, type Role, roleBits, rolesToMask } from '@sealedger/protocol/ledger/codec.ts';
import { contracts } from '@sealedger/protocol/ledger/contracts.generated.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import * as ids from '@sealedger/protocol/ledger/ids.ts';
import { AbiCoder, encodeBytes32String, keccak256 } from 'ethers';
import fc from 'fast-check';

const parameters = { seed: 20221, numRuns: 200 };
const labelChars = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const orgIds = fc
  .tuple(fc.constantFrom(...labelChars), fc.string({ unit: fc.constantFrom(...labelChars, '-'), maxLength: 30 }))
  .map((parts) => parts.join(''));
const digest = (digit: string) => digit.repeat(64);

test('organisation ids go to a word and back', () => {
  fc.assert(
    fc.property(orgIds, (id) => assert.equal(ids.bytes32ToOrg(ids.orgToBytes32(id)), id)),
    parameters,
  );
});

test('refuses what is no organisation id, in text and in words', () => {
  for (const id of ['', 'Tax', '-tax', 'tax office', 'x'.repeat(32), 'tax_1', '税务']) {
    assert.throws(
      () => ids.orgToBytes32(id),
      (cause) => isProtocolError(cause, 'CHAIN_LABEL_INVALID'),
      id,
    );
  }
  for (const word of [`0x${digest('f')}`, encodeBytes32String('Tax'), `0x${digest('0')}`]) {
    assert.throws(
      () => ids.bytes32ToOrg(word),
      (cause) => isProtocolError(cause, 'CHAIN_LABEL_INVALID'),
      word,
    );
  }
});

test('a word that holds no short name stays a word, which no short name equals', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const word = ids.bytesToRpc(bytes);
      const label = ids.bytes32ToLabel(word);
      if (label === word) assert.throws(() => ids.labelToBytes32(label));
      else assert.equal(ids.labelToBytes32(label), word);
    }),
    parameters,
  );
  assert.equal(ids.bytes32ToLabel(ids.labelToBytes32('credit_risk.v2')), 'credit_risk.v2');
});

test('the id of a dataset version is the keccak256 of its ABI encoding', () => {
  fc.assert(
    fc.property(orgIds, orgIds, fc.integer({ min: 1, max: 0xffffffff }), (owner, name, version) => {
      const words = [encodeBytes32String(owner), encodeBytes32String(name), version];
      const expected = keccak256(AbiCoder.defaultAbiCoder().encode(['bytes32', 'bytes32', 'uint32'], words));
      assert.equal(`0x${ids.datasetVersionId(owner, name, version)}`, expected);
    }),
    parameters,
  );
  for (const version of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(
      () => ids.datasetVersionId('tax', 'income', version),
      (cause) => isProtocolError(cause, 'CHAIN_NUMBER_INVALID'),
    );
  }
});

test('roles go to a mask and back', () => {
  const names = Object.keys(roleBits) as Role[];
  fc.assert(
    fc.property(fc.subarray(names), (roles) => assert.deepEqual(asRoles(BigInt(rolesToMask(roles))), roles)),
    parameters,
  );
  assert.equal(rolesToMask(['gate', 'gate', 'bank']), 9);
});

test('the digest that a validator seals is the one of the written rule', () => {
  const block = { chainId: 20221, blockNumber: 258, blockHash: digest('ab').slice(0, 64) };
  const tag = 'sealedger/v1/block-seal';
  const part = (hex: string) => (hex.length / 2).toString(16).padStart(8, '0') + hex;
  const chainId = '4efd'.padStart(64, '0');
  const number = '0102'.padStart(16, '0');
  const text = part(Buffer.from(tag).toString('hex')) + part(chainId) + part(number) + part(block.blockHash);
  const expected = createHash('sha256').update(Buffer.from(text, 'hex')).digest('hex');
  assert.equal(Buffer.from(blockSealDigest(block)).toString('hex'), expected);
});

test('a seal holds for its block, and for no other', () => {
  const block = { chainId: 1, blockNumber: 7, blockHash: digest('c') };
  const seal = sealBlock(block, new Uint8Array(32).fill(5));
  fc.assert(
    fc.property(fc.nat({ max: 511 }), (bit) => {
      const signature = Buffer.from(seal.signature, 'hex');
      signature[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!verifyBlockSeal(block, { ...seal, signature: signature.toString('hex') }, [seal.validator]));
    }),
    parameters,
  );
  assert.ok(verifyBlockSeal(block, seal, [digest('e'), seal.validator]));
  assert.ok(!verifyBlockSeal(block, seal, []));
});

test('a deployment file is taken as it is written, and refused with the place of what is wrong', () => {
  const perContract = (value: string) => ({
    consortium: value,
    catalogue: value,
    requests: value,
    evidence: value,
    attestations: value,
  });
  const good = {
    suite: 'sealedger-v1/ed25519-sha256-ristretto255',
    version: 1,
    chainId: 20221,
    genesisHash: digest('a'),
    contracts: perContract('b'.repeat(40)),
    codeHashes: perContract(digest('c')),
    validators: [],
  };
  assert.deepEqual(parseDeployment(good), good);
  const bad: readonly (readonly [unknown, string])[] = [
    [null, '$'],
    [{ ...good, version: 2 }, 'version'],
    [{ ...good, suite: 'other' }, 'suite'],
    [{ ...good, chainId: 0 }, 'chainId'],
    [{ ...good, genesisHash: `0x${digest('a')}` }, 'genesisHash'],
    [{ ...good, contracts: { ...good.contracts, requests: 'B'.repeat(40) } }, 'contracts.requests'],
    [{ ...good, validators: ['aa'] }, 'validators.0'],
    [{ ...good, extra: 1 }, '$'],
  ];
  for (const [value, path] of bad) {
    assert.throws(
      () => parseDeployment(value),
      (cause) => isProtocolError(cause, 'SCHEMA_MISMATCH') && cause.details['path'] === path,
      path,
    );
  }
});

test('custom errors of the contracts have different selectors and begin with the name of their contract', () => {
  const owners = {
    consortium: 'Consortium',
    catalogue: 'Catalogue',
    requests: 'Requests',
    evidence: 'Evidence',
    attestations: 'Attestations',
  };
  for (const [name, { abi }] of Object.entries(contracts)) {
    const errors = abi.filter(({ type }) => type === 'error') as { readonly name: string }[];
    assert.ok(errors.length >= 8, name);
    for (const error of errors) assert.ok(error.name.startsWith(owners[name as keyof typeof owners]), error.name);
  }
});
