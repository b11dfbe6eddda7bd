/** Every command says how it is used, in both languages, on stdout and with exit 0; what is no command is refused with 2. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { runSealedgerNode } from '@sealedger/node/cli/dispatch.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { runSealedger } from '@sealedger/sdk/cli/dispatch.ts';

const PROGRAMS = {
  'sealedger-node':
    'run keys person member endpoint dataset quality workorder repair suspend usage alert policy request decide openapi status evidence fsck',
  sealedger:
    'verify withhold evidence audit consent certificate certify catalogue member keys request status grant withdraw answer compute unlock',
} as const;
type Program = keyof typeof PROGRAMS;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function call(program: Program, locale: Locale, ...argv: readonly string[]): Promise<Ended> {
  const heard = { stdout: '', stderr: '' };
  const nothing = (): Promise<never> => Promise.reject(new Error('help reads and writes nothing'));
  const io = {
    stdout: (text: string) => void (heard.stdout += text),
    stderr: (text: string) => void (heard.stderr += text),
    readFile: nothing,
    writeFile: nothing,
    locale,
  };
  const code = await (program === 'sealedger' ? runSealedger : runSealedgerNode)(argv, io);
  return { code, ...heard };
}

const USAGE = { en: /^usage/i, 'zh-CN': /^用法/ } as const;

for (const program of Object.keys(PROGRAMS) as Program[]) {
  const commands = PROGRAMS[program].split(' ');
  describe(program, () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      it(`lists each of its commands in ${locale}`, async () => {
        const { code, stdout, stderr } = await call(program, locale, '--help');
        assert.deepEqual([code, stderr], [0, '']);
        assert.match(stdout, USAGE[locale]);
        for (const command of commands) assert.match(stdout, new RegExp(`\\b${command}\\b`), command);
      });

      it(`says of each of its commands in ${locale} how it is used`, async () => {
        for (const command of commands) {
          const { code, stdout, stderr } = await call(program, locale, command, '--help');
          assert.deepEqual([code, stderr], [0, ''], command);
          assert.match(stdout, USAGE[locale], command);
          assert.match(stdout, new RegExp(`${program} [^\\n]*${command}`), command);
          assert.doesNotMatch(stdout, /\{\w+\}/, command);
        }
      });
    }

    it('refuses what is no command', async () => {
      for (const argv of [['frobnicate'], ['constructor'], ['__proto__'], []]) {
        const { code, stdout, stderr } = await call(program, 'zh-CN', ...argv);
        assert.deepEqual([code, stdout], [2, ''], argv.join(' '));
        assert.equal(
          stderr.endsWith(`${messageFor(program === 'sealedger' ? 'CLI_USAGE' : 'NODE_USAGE', {}, 'zh-CN')}\n`),
          true,
        );
      }
    });
  });
}

it('every command that has a file is in the list', async () => {
  const named = async (folder: string) =>
    (await readdir(new URL(`../../${folder}/cli/`, import.meta.url)))
      .filter((file) => /^\w+-command\.ts$/.test(file) && !/^(bank|admin)-command/.test(file))
      .map((file) => file.replace('-command.ts', ''));
  const known = (program: Program): readonly string[] => PROGRAMS[program].split(' ');
  for (const name of await named('node')) assert.ok(known('sealedger-node').includes(name), name);
  for (const name of await named('sdk')) assert.ok(known('sealedger').includes(name), name);
});
