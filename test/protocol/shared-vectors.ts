/** Finds test vectors beside the repository; a test that lacks them says so instead of passing. */
import { existsSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

/**
 * Text of a file of the shared vectors.
 * @param name - path below shared/vectors.
 * @returns undefined, and the test is marked as skipped, where the shared folder is absent.
 */
export function readSharedVectors(context: TestContext, name: string): string | undefined {
  const url = new URL(`../../../shared/vectors/${name}`, import.meta.url);
  if (existsSync(url)) return readFileSync(url, 'utf8');
  context.skip(`shared/vectors/${name} not found`);
  return undefined;
}

/** Rows of a simple CSV text without its header; quoted fields stay as they are. */
export function csvRows(text: string): string[][] {
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.replace('\r', '').split(','));
}
