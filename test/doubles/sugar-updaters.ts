/**
 * The two generations of readers of update pages, after the table in the facts (11.2): both walk the page tag by tag, match
 * the group by `id` and the rest by class, and count beginnings and ends of elements; they differ in what they make of
 * pieces of text, of several addresses and of an id that comes twice. Written from that description.
 */
import { compareBundleVersions, isBundleVersion } from '../../src/repository/bundle-version.ts';

/** What a reader finds. */
export type PageSeen = {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly entries: ReadonlyMap<
    string,
    { readonly version: string; readonly urls: readonly string[]; readonly optional: boolean }
  >;
};

type Event =
  | { readonly kind: 'start'; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'end' }
  | { readonly kind: 'text'; readonly text: string };

/** Beginnings, ends and pieces of text; a character reference is a piece of its own, and ends the one before it. */
function* eventsOf(page: string): Generator<Event> {
  const token =
    /<!--.*?-->|<![^>]*>|<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[^<>]*?)?)(\/?)>|(&#?\w+;)|([^<&]+)/gs;
  for (const [, slash, name, attributes = '', closed, reference, text] of page.matchAll(token)) {
    if (reference !== undefined) yield { kind: 'text', text: '?' };
    else if (text !== undefined) yield { kind: 'text', text };
    else if (name !== undefined && slash === '/') yield { kind: 'end' };
    else if (name !== undefined) {
      const found = [...attributes.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)].map(
        ([, key, value]) => [key!, value!] as const,
      );
      yield { kind: 'start', attributes: new Map(found) };
      if (closed === '/') yield { kind: 'end' };
    }
  }
}

type Entry = { id: string[]; version: string; urls: string[]; optional: string };

function read(page: string, base: string, isNew: boolean): PageSeen {
  let name: string | undefined;
  let description: string | undefined;
  const found: Entry[] = [];
  const open: string[][] = [];
  let entry: Entry | undefined;
  for (const event of eventsOf(page)) {
    if (event.kind === 'start') {
      const classes = [
        ...(event.attributes.get('class') ?? '').split(/\s+/),
        `#${event.attributes.get('id') ?? ''}`,
      ];
      if (classes.includes('olpc-activity-info')) {
        entry = { id: [], version: '', urls: [], optional: '' };
        found.push(entry);
      }
      open.push(classes);
      const href = event.attributes.get('href');
      if (entry && href !== undefined && open.some((each) => each.includes('olpc-activity-url')))
        entry.urls = isNew ? [new URL(href, base).href] : [...entry.urls, new URL(href, base).href];
      continue;
    }
    if (event.kind === 'end') {
      if (open.pop()?.includes('olpc-activity-info')) entry = undefined;
      continue;
    }
    const text = event.text.trim();
    if (text === '') continue;
    const within = (wanted: string) => open.some((each) => each.includes(wanted));
    if (within('#olpc-activity-group-name')) name = text;
    if (within('#olpc-activity-group-desc')) description = text;
    if (entry === undefined) continue;
    if (within('olpc-activity-id')) entry.id = isNew ? [...entry.id, text] : [text];
    if (within('olpc-activity-version')) entry.version = text;
    if (within('olpc-activity-optional')) entry.optional = text;
  }
  return { name, description, entries: chosen(found, isNew) };
}

function chosen(found: readonly Entry[], isNew: boolean): PageSeen['entries'] {
  const entries = new Map<string, { version: string; urls: string[]; optional: boolean }>();
  for (const { id: pieces, version, urls, optional } of found) {
    const id = pieces.join('');
    if (id === '' || urls.length === 0 || !isBundleVersion(version)) continue;
    const before = entries.get(id)?.version;
    const order =
      before === undefined || !isBundleVersion(before) ? 1 : compareBundleVersions(version, before);
    if (order > 0 || (order === 0 && isNew))
      entries.set(id, { version, urls, optional: isNew && optional === '1' });
  }
  return entries;
}

/** The reader of 2008 to 2013. */
export const readAsOldUpdater = (page: string, base: string): PageSeen => read(page, base, false);

/** Sugar's own since 2013. */
export const readAsNewUpdater = (page: string, base: string): PageSeen => read(page, base, true);
