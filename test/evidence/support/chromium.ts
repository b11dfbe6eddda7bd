/** A real headless Chromium out of npm, or the reason why this machine has none. */
import chromium from '@sparticuz/chromium';
import puppeteer, { type Browser } from 'puppeteer-core';

/** The sandbox needs rights that containers lack; the page under test is our own. */
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--lang=en'];

/** @returns the browser, or what kept it from starting. */
export async function startChromium(): Promise<Browser | Error> {
  try {
    const executablePath = await chromium.executablePath();
    return await puppeteer.launch({ args: ARGUMENTS, executablePath, headless: 'shell' });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
