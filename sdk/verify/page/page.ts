/**
 * The verifier as a page: files are dropped on it, it says what holds. For a clerk of a court with a laptop and no network.
 *
 * Trust: the page's own file, the browser, and the trust file that the person chose. Nothing leaves the page; its policy
 * forbids every connection.
 */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { parseTrust, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type CheckedFile, checkFiles, type GivenFile, textOf } from './check-files.ts';
import { button, dropField, element } from './elements.ts';
import { browserStorage, createMemory } from './memory.ts';
import { resultView } from './result-view.ts';

type Given = {
  readonly bundles: readonly GivenFile[];
  readonly trust: { readonly name: string; readonly pins: Trust } | null;
  /** What was wrong with the last file that was given. */
  readonly wrong: { readonly code: ErrorCode; readonly details: Readonly<Record<string, string>> } | null;
  readonly checked: readonly CheckedFile[];
  readonly checkedAt: Date | null;
};

const memory = createMemory(browserStorage());
let locale: Locale = navigator.language.startsWith('zh') ? 'zh-CN' : 'en';
let remembers = memory.isOn();
let given: Given = { bundles: [], trust: null, wrong: null, checked: [], checkedAt: null };

const say = (code: ErrorCode, details: Readonly<Record<string, unknown>> = {}): string =>
  messageFor(code, details, locale);

async function readAll(files: readonly File[]): Promise<readonly GivenFile[]> {
  return Promise.all(files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
}

async function takeBundles(files: readonly File[]): Promise<void> {
  given = { ...given, bundles: await readAll(files), wrong: null, checked: [] };
  await check();
}

async function takeTrust(files: readonly File[]): Promise<void> {
  const [file] = await readAll(files);
  if (file === undefined) return;
  try {
    const pins = parseTrust(parseJson(z.unknown(), textOf(file.bytes), file.name));
    given = { ...given, trust: { name: file.name, pins }, wrong: null, checked: [] };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    const reason = messageFor(error.code, error.details, locale);
    given = {
      ...given,
      trust: null,
      wrong: { code: 'PAGE_FILE_WRONG', details: { file: file.name, reason } },
      checked: [],
    };
  }
  await check();
}

/** Checks what is there, and keeps the state where the person wants it. */
async function check(): Promise<void> {
  const { trust, bundles } = given;
  if (trust === null || bundles.length === 0) {
    draw();
    return;
  }
  draw(say('PAGE_WORKING'));
  // The browser paints before the work begins, which holds the page for as long as it takes.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const recalled = remembers ? memory.recall(trust.pins) : {};
  const { checked, state } = checkFiles(bundles, trust.pins, recalled === 'lost' ? {} : recalled);
  const wrong = recalled === 'lost' ? { code: 'PAGE_STATE_LOST' as const, details: {} } : given.wrong;
  if (remembers && recalled !== 'lost') memory.keep(trust.pins, state);
  given = { ...given, checked, checkedAt: new Date(), wrong };
  draw();
}

function draw(working = ''): void {
  document.documentElement.lang = locale;
  document.title = `${say('PAGE_TITLE')} – Sealedger`;
  const results = given.checked.map((file) => resultView(file, timeText(), locale));
  document
    .querySelector('#page')
    ?.replaceChildren(
      headerView(),
      element('p', { class: 'lead' }, say('PAGE_LEAD')),
      inputsView(),
      optionsView(),
      ...(given.wrong === null ? [] : [element('p', { class: 'wrong' }, say(given.wrong.code, given.wrong.details))]),
      ...trustView(),
      element('p', { role: 'status' }, statusText(working)),
      ...results,
      element('footer', {}, say('PAGE_LIMITS')),
    );
}

function statusText(working: string): string {
  if (working !== '' || given.checked.length > 0) return working;
  return say(given.bundles.length > 0 && given.trust === null ? 'PAGE_WAITING_TRUST' : 'PAGE_NOTHING_YET');
}

function timeText(): string {
  return (given.checkedAt ?? new Date()).toLocaleString(locale, { timeZoneName: 'short' });
}

function headerView(): HTMLElement {
  const languages = [
    ['zh-CN', '中文'],
    ['en', 'English'],
  ] as const;
  const choose = (code: Locale) => (): void => {
    locale = code;
    draw();
  };
  return element(
    'header',
    {},
    element('h1', {}, say('PAGE_TITLE')),
    ...languages.map(([code, name]) =>
      button(name, choose(code), { lang: code, 'aria-pressed': String(code === locale) }),
    ),
  );
}

function inputsView(): HTMLElement {
  const names = given.bundles.map(({ name }) => name).join(', ');
  const bundles = { id: 'bundles', title: say('PAGE_BUNDLES'), hint: say('PAGE_BUNDLES_HINT'), names };
  const trust = {
    id: 'trust',
    title: say('PAGE_TRUST'),
    hint: say('PAGE_TRUST_HINT'),
    names: given.trust?.name ?? '',
  };
  return element(
    'div',
    { class: 'inputs' },
    dropField(bundles, 'several', (files) => void takeBundles(files)),
    dropField(trust, 'one', (files) => void takeTrust(files)),
  );
}

function optionsView(): HTMLElement {
  const box = element('input', { type: 'checkbox', id: 'remember' });
  box.checked = remembers;
  box.addEventListener('change', () => {
    remembers = box.checked;
    if (!remembers) memory.forget();
    void check();
  });
  return element(
    'div',
    { class: 'row' },
    element('label', {}, box, ' ', say('PAGE_REMEMBER')),
    button(say('PAGE_FORGET'), forget, { id: 'forget' }),
    button(say('PAGE_PRINT'), printAll, { id: 'print' }),
  );
}

function forget(): void {
  memory.forget();
  remembers = false;
  draw();
}

/** On paper nothing is folded. */
function printAll(): void {
  for (const details of document.querySelectorAll('details')) details.open = true;
  globalThis.print();
}

function trustView(): HTMLElement[] {
  if (given.trust === null) return [];
  const { chainId, genesisHash, validators } = given.trust.pins;
  const details = { chain: chainId, genesis: genesisHash, validators: validators.length };
  return [element('p', { class: 'small' }, say('PAGE_TRUSTED', details))];
}

draw();
