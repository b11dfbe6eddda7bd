/** Plays the script and kills itself with SIGKILL at the n-th place; acknowledgements and the number of places on stdout. */
import { writeSync } from 'node:fs';
import { playScript } from './kill-script.ts';
import { startMs } from './log-fixture.ts';

const [path, dieAt] = [process.argv[2]!, Number(process.argv[3])];
let places = 0;
await playScript(path, startMs, {
  place: () => {
    places += 1;
    if (places === dieAt) process.kill(process.pid, 'SIGKILL');
  },
  acknowledged: (n, { index }) => void writeSync(1, `${n} ${index}\n`),
});
writeSync(1, `places ${places}\n`);
