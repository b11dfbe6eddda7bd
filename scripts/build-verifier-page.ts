/**
 * Builds the verifier's page: one HTML file with script and style inside, which opens from a disk and forbids itself every
 * connection. Run it as `node scripts/build-verifier-page.ts`; it writes sdk/dist/verify.html.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PAGE = new URL('../sdk/verify/page/', import.meta.url);
const TARGET = new URL('../sdk/dist/verify.html', import.meta.url);

/** @returns the whole page. */
export async function buildVerifierPage(): Promise<string> {
  const [template, style, script] = await Promise.all([
    readFile(new URL('template.html', PAGE), 'utf8'),
    readFile(new URL('page.css', PAGE), 'utf8'),
    bundleScript(),
  ]);
  const parts: Readonly<Record<string, string>> = {
    STYLE: style,
    SCRIPT: script,
    STYLE_HASH: policyHash(style),
    SCRIPT_HASH: policyHash(script),
  };
  return template.replace(/\{\{([A-Z_]+)\}\}/g, (whole, name: string) => parts[name] ?? whole);
}

async function bundleScript(): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', PAGE))],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    // ASCII only, so that the script is the same whatever a host says of the page's encoding.
    charset: 'ascii',
    legalComments: 'none',
  });
  const text = result.outputFiles[0]?.text ?? '';
  // The script stands inside an element of HTML, which these would end or comment out.
  return text.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}

/** The source of a Content Security Policy that allows exactly this text. */
function policyHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

if (import.meta.main) {
  const page = await buildVerifierPage();
  await mkdir(new URL('.', TARGET), { recursive: true });
  await writeFile(TARGET, page);
  process.stdout.write(`${fileURLToPath(TARGET)} ${page.length} bytes\n`);
}
