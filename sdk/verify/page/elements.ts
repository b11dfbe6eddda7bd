/** Elements of the page; texts only ever become text nodes, whatever a file holds. */

export type Child = Node | string;

/** An element with attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A button that does `act` when pressed. */
export function button(text: string, act: () => void, attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
}

/**
 * A field on which files are dropped or that opens the chooser.
 * @param take - gets the files; never called with none.
 */
export function dropField(
  field: { readonly id: string; readonly title: string; readonly hint: string; readonly names: string },
  isMultiple: 'one' | 'several',
  take: (files: readonly File[]) => void,
): HTMLElement {
  const input = element('input', { type: 'file', id: field.id, accept: '.json,application/json' });
  input.multiple = isMultiple === 'several';
  const made = element(
    'label',
    { class: field.names === '' ? 'drop' : 'drop given' },
    element('h2', {}, field.title),
    element('p', { class: 'hint' }, field.hint),
    element('p', { class: 'names' }, field.names),
    input,
  );
  const given = (list: FileList | null | undefined): void => {
    if (list !== null && list !== undefined && list.length > 0) take([...list]);
  };
  input.addEventListener('change', () => given(input.files));
  for (const name of ['dragenter', 'dragover']) {
    made.addEventListener(name, (event) => {
      event.preventDefault();
      made.classList.add('over');
    });
  }
  made.addEventListener('dragleave', () => made.classList.remove('over'));
  made.addEventListener('drop', (event) => {
    event.preventDefault();
    made.classList.remove('over');
    given(event.dataTransfer?.files);
  });
  return made;
}
