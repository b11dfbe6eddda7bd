/** Appends until the disk takes no more, then says how the log ended; acknowledged events on stdout. */
import { writeSync } from 'node:fs';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { draftOf, openLog } from './log-fixture.ts';

const { log } = await openLog(process.argv[2]!);
const refusals: string[] = [];
for (let n = log.size; refusals.length < 2; n += 4) {
  try {
    const events = await log.append([0, 1, 2, 3].map((i) => draftOf(n + i)));
    writeSync(1, `${events.map(({ index }) => index).join(' ')}\n`);
  } catch (error) {
    refusals.push(isProtocolError(error, 'EVIDENCE_LOG_FAILED') ? error.code : 'another failure');
  }
}
writeSync(1, `refused ${refusals.join(' ')}\n`);
process.exit(0);
