/** Exports of the RLWE kernel; memory is imported and laid out by protocol/rlwe/kernel.ts. */
export { accumulateGroup, placeWeight } from './accumulate';
export { expandSeed } from './blake2xb';
export { buildTable, forward16, forward32, forwardSigned, inverse } from './ntt';
export { addFlood, addRelease, addSigned, divideByLast, releaseRounding, sampleBinomial, sampleTernary, unionOfBits } from './sanitise';
export { addStream } from './shares';
