/** Appends without end and says on stdout which events were acknowledged, until somebody kills it. */
import { draftOf, openLog } from './log-fixture.ts';

const { database, log } = await openLog(process.argv[2]!);
const lanes = database.sublevel('lanes', {});
let next = log.size;
const worker = async (): Promise<never> => {
  for (;;) {
    const n = next++;
    const head = { type: 'put', sublevel: lanes, key: String(n), value: 'counted' } as const;
    const [event] = await log.append([draftOf(n)], [head]);
    process.stdout.write(`${n} ${event!.index}\n`);
  }
};
await Promise.all(Array.from({ length: 20 }, worker));
