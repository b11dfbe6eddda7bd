/**
 * What the POPRF costs: preparing a table at the gate, answering in batches, one unlocking on both sides; against
 * @noble/curves, the same functions in plain JavaScript, in the same run.
 */
import { randomBytes } from 'node:crypto';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '@sealedger/protocol/bytes.ts';
import type { HkdfPort } from '@sealedger/protocol/hkdf.ts';
import { loadPoprf, type Poprf, type PoprfKeyPair } from '@sealedger/protocol/poprf.ts';
import { locatorFromOutput } from '@sealedger/protocol/register.ts';
import { padFromPoprfOutput } from '@sealedger/protocol/rlwe/masks.ts';
import type { BenchRow } from './bench-row.ts';

type Setting = {
  readonly poprf: Poprf;
  readonly peer: ReturnType<typeof createPeer>;
  readonly keys: PoprfKeyPair;
  readonly info: Uint8Array;
  readonly inputs: readonly Uint8Array[];
};

const createPeer = (info: Uint8Array) => ristretto255_oprf.poprf(info);
const PEER = '@noble/curves 2.4';
const MEASURE_MS = 1500;
const BATCH = 256;
const PEER_BATCH = 16;

/** Runs every measurement; about 20 s on one core. */
export async function run(): Promise<BenchRow[]> {
  const poprf = await loadPoprf();
  const info = new Uint8Array(randomBytes(32));
  const keys = poprf.deriveKeyPair(new Uint8Array(randomBytes(32)), utf8('bench'));
  const inputs = Array.from({ length: BATCH }, (_, i) => utf8(`99010119900101${String(i).padStart(4, '0')}`));
  const setting = { poprf, peer: createPeer(info), keys, info, inputs };
  return [...preparation(setting), ...batches(setting), ...single(setting)];
}

/** The gate's work for each subject of the register, once for each computation; and what it keeps for the register. */
function preparation({ poprf, peer, keys, info, inputs }: Setting): BenchRow[] {
  const evaluator = poprf.createEvaluator(keys.secretKey, info);
  const elements = inputs.map((input) => poprf.hashToGroup(input));
  const hkdf = poprf.createOutputHkdf();
  const ours = secondsEach((i) => {
    derive(evaluator.evaluate(inputs[i % BATCH]!, elements[i % BATCH]!), hkdf);
  });
  const theirs = secondsEach((i) => {
    derive(peer.evaluate(keys.secretKey, inputs[i % BATCH]!), peerHkdf);
  });
  const hash = secondsEach((i) => {
    poprf.hashToGroup(inputs[i % BATCH]!);
  });
  return [
    row('gate prepares a subject: evaluation, locator and pads (element cached)', ours * 1e6, 'µs', theirs / ours),
    row('gate hashes a subject to the group, once for a register', hash * 1e6, 'µs', null),
  ];
}

/** Batches of 256 with one proof, on both sides. */
function batches({ poprf, peer, keys, info, inputs }: Setting): BenchRow[] {
  const evaluator = poprf.createEvaluator(keys.secretKey, info);
  const blinder = poprf.createBlinder(keys.publicKey, info);
  const blinded = inputs.map((input) => blinder.blind(input, randomScalar(poprf)));
  const blindedElements = blinded.map(({ blindedElement }) => blindedElement);
  const answer = evaluator.blindEvaluate(blindedElements, randomScalar(poprf));
  const blinds = blinded.map(({ blind }) => blind);
  const batch = { inputs, blinds, blindedElements, ...answer, info, tweakedKey: blinder.tweakedKey };
  const gate = secondsEach(() => {
    evaluator.blindEvaluate(blindedElements, randomScalar(poprf));
  });
  const bank = secondsEach(() => {
    poprf.finalizeBatch(batch);
  });
  const blind = secondsEach((i) => {
    blinder.blind(inputs[i % BATCH]!, randomScalar(poprf));
  });
  const theirs = secondsEach(() => {
    peer.blindEvaluateBatch(keys.secretKey, blindedElements.slice(0, PEER_BATCH));
  });
  return [
    row(
      `gate answers batches of ${BATCH} with one DLEQ proof`,
      BATCH / gate,
      '1/s',
      (BATCH * theirs) / PEER_BATCH / gate,
    ),
    row('bank blinds', 1 / blind, '1/s', null),
    row(`bank finalises batches of ${BATCH}, proof verified`, BATCH / bank, '1/s', null),
  ];
}

/** One unlocking: what the gate and the bank compute, without transport and storage. */
function single({ poprf, peer, keys, info, inputs }: Setting): BenchRow[] {
  const input = inputs[0]!;
  const evaluator = poprf.createEvaluator(keys.secretKey, info);
  const blinder = poprf.createBlinder(keys.publicKey, info);
  const first = blinder.blind(input, randomScalar(poprf));
  const answer = evaluator.blindEvaluate([first.blindedElement], randomScalar(poprf));
  const batch = {
    inputs: [input],
    blinds: [first.blind],
    blindedElements: [first.blindedElement],
    ...answer,
    info,
    tweakedKey: first.tweakedKey,
  };
  const gate = secondsEach(() => {
    evaluator.blindEvaluate([first.blindedElement], randomScalar(poprf));
  });
  const bank = secondsEach(() => {
    blinder.blind(input, randomScalar(poprf));
    poprf.finalizeBatch(batch);
  });
  const theirs = peer.blind(input, keys.publicKey);
  const theirAnswer = peer.blindEvaluate(keys.secretKey, theirs.blinded);
  const peerGate = secondsEach(() => {
    peer.blindEvaluate(keys.secretKey, theirs.blinded);
  });
  const peerBank = secondsEach(() => {
    const { blind, blinded, tweakedKey } = theirs;
    peer.blind(input, keys.publicKey);
    peer.finalize(input, blind, theirAnswer.evaluated, blinded, theirAnswer.proof, tweakedKey);
  });
  return [
    row('one unlocking, computing at the gate', gate * 1e3, 'ms', peerGate / gate),
    row('one unlocking, computing at the bank', bank * 1e3, 'ms', peerBank / bank),
  ];
}

function derive(output: Uint8Array, hkdf: HkdfPort): void {
  locatorFromOutput(output, hkdf);
  padFromPoprfOutput(output, 0, hkdf);
  padFromPoprfOutput(output, 1, hkdf);
}

const peerHkdf: HkdfPort = (ikm, info, lengthBytes) => expand(sha256, extract(sha256, ikm), info, lengthBytes);

function randomScalar(poprf: Poprf): Uint8Array {
  return poprf.randomScalar(new Uint8Array(randomBytes(64)));
}

/** Seconds of one call: the median of ten stretches, after a tenth of the time as warm-up. */
function secondsEach(call: (i: number) => void): number {
  let calls = 0;
  const stretch = (untilMs: number): number => {
    const startedAt = performance.now();
    const before = calls;
    do call(calls++);
    while (performance.now() - startedAt < untilMs);
    return (performance.now() - startedAt) / 1000 / (calls - before);
  };
  stretch(MEASURE_MS / 10);
  const seconds = Array.from({ length: 10 }, () => stretch(MEASURE_MS / 10)).sort((a, b) => a - b);
  return (seconds[4]! + seconds[5]!) / 2;
}

function row(what: string, value: number, unit: string, ratio: number | null): BenchRow {
  return { what, value, unit, against: ratio === null ? null : PEER, ratio };
}
