/**
 * Headers of QBFT and IBFT 2.0 blocks as Besu makes them, written down from the published format and sealed by ethers with
 * real keys, so that the code under test does not check itself.
 */
import { computeAddress, encodeRlp, keccak256, SigningKey, toBeHex } from 'ethers';

export type PaperBft = {
  readonly scheme: 'qbft' | 'ibft2';
  /** Private keys of those who seal, `0x` hex. */
  readonly keys: readonly string[];
  /** Addresses that the header names as validators, `0x` hex. */
  readonly validators: readonly string[];
  readonly round: number;
};

type Rlp = string | readonly Rlp[];
const VANITY = `0x${'5e'.repeat(32)}`;
const EXTRA_DATA_FIELD = 12;

/** Private key number n of the tests. */
export function bftKey(n: number): string {
  return `0x${n.toString(16).padStart(64, '0')}`;
}

/** Its address, lower-case hex with prefix. */
export function bftAddress(n: number): string {
  return computeAddress(bftKey(n)).toLowerCase();
}

/** What a header of these fields (13 to 21, `extraData` anything) becomes: its extraData with seals, and its hash. */
export function sealedExtraData(
  fields: readonly string[],
  { scheme, keys, validators, round }: PaperBft,
): { readonly extraData: string; readonly hash: string } {
  const vote: Rlp = scheme === 'qbft' ? [] : '0x';
  const written = scheme === 'ibft2' ? toBeHex(round, 4) : round === 0 ? '0x' : toBeHex(round);
  const start = [VANITY, validators, vote];
  const hashOf = (extra: readonly Rlp[]): string => {
    const encoded = encodeRlp(extra as never);
    return keccak256(encodeRlp(fields.toSpliced(EXTRA_DATA_FIELD, 1, encoded)));
  };
  const digest = hashOf(scheme === 'qbft' ? [...start, written, []] : [...start, written]);
  const seals = keys.map((key) => {
    const { r, s, yParity } = new SigningKey(key).sign(digest);
    return `${r}${s.slice(2)}0${yParity}`;
  });
  const hash = hashOf(scheme === 'qbft' ? [...start, '0x', []] : start);
  return { extraData: encodeRlp([...start, written, seals] as never), hash };
}
