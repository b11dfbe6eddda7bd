/** One share of the places of a file, in a thread of its own: {@link flipBytesInThreads} starts as many as there are cores. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FlipShare, flipBytes } from './byte-flips.ts';

const { text, trust, places } = workerData as FlipShare;
parentPort!.postMessage(flipBytes(text, trust, places));
