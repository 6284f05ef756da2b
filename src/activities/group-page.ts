import { type BundleKind, inItsDirection, type Texts, textFor } from '../repository/bundle-record.ts';
import {
  type BundleDetails,
  type BundleRecord,
  bundleName,
  type GroupRecord,
} from '../repository/group-record.ts';

/** The page of a group, with the microformat that Sugar's updaters read (facts, 11.2). */
export type GroupPage = {
  readonly group: Pick<GroupRecord, 'group' | 'titles' | 'descriptions'>;
  readonly bundles: readonly PageBundle[];
  readonly language: string;
  /** Further pages of the same group, by language. */
  readonly languages: readonly string[];
  /** Groups that lie beside this one. */
  readonly others?: readonly Pick<GroupRecord, 'group' | 'titles'>[];
};

/** One bundle on a page. */
export type PageBundle = Pick<BundleRecord, 'id' | 'version' | 'optional'> &
  Partial<Pick<BundleDetails, 'names' | 'summary' | 'icon'>> & {
    /** Name of its file, beside the page. */
    readonly file: string;
    /** Bytes of its tree. */
    readonly bytes: number;
  };

/** Endings of bundle files by kind, and the types that servers give them. */
export const bundleEndings: Readonly<Record<BundleKind, string>> = {
  activity: 'xo',
  library: 'xol',
  content: 'zip',
};
export const bundleTypes: Readonly<Record<BundleKind, string>> = {
  activity: 'application/vnd.olpc-sugar',
  library: 'application/vnd.olpc-content',
  content: 'application/zip',
};

/** The file of a version: `org.laptop.WebActivity-157.xo`. */
export function bundleFile(bundle: Pick<BundleRecord, 'id' | 'version' | 'kind'>): string {
  return `${bundleName(bundle)}.${bundleEndings[bundle.kind]}`;
}

/**
 * What a page lists: each bundle once, in the version for everybody (old updaters take the highest of several, and some
 * the first of equal ones). Content is nothing that Sugar can install.
 */
export function pageBundles(
  { bundles }: Pick<GroupRecord, 'bundles'>,
  details: readonly BundleDetails[],
  stream = 'stable',
): PageBundle[] {
  const known = new Map(details.map((each) => [bundleName(each), each]));
  return bundles
    .filter(({ kind, streams }) => kind !== 'content' && (streams as readonly string[]).includes(stream))
    .map((bundle) => {
      const { names, summary, icon } = known.get(bundleName(bundle)) ?? {};
      return {
        ...{ id: bundle.id, version: bundle.version, optional: bundle.optional },
        ...(names === undefined ? {} : { names }),
        ...(summary === undefined ? {} : { summary }),
        ...(icon === undefined ? {} : { icon }),
        ...{ file: bundleFile(bundle), bytes: bundle.tree.bytes },
      };
    });
}

/** Languages that a page has words in. */
export function pageLanguages(
  { titles, descriptions }: Pick<GroupRecord, 'titles' | 'descriptions'>,
  bundles: readonly PageBundle[],
): string[] {
  const named = bundles.map(({ names }): Texts => names ?? {});
  const texts: Texts[] = [titles, descriptions, ...named];
  return [...new Set(texts.flatMap(Object.keys))].filter((code) => code !== '').sort();
}

/** The page. Every element is closed and none is empty, because the updaters count beginnings and ends. */
export function groupPage({ group, bundles, language, languages, others = [] }: GroupPage): string {
  const title = plain(textFor(group.titles, language) || group.group);
  const lines = bundles.map((bundle) => entry(bundle, language));
  const links = languages.map(
    (code) => `<a href="index.${code}.html" hreflang="${htmlCode(code)}">${code}</a>`,
  );
  return `<!DOCTYPE html>
<html lang="${htmlCode(language || 'en')}"><head><meta charset="utf-8"/><title>${title}</title>
<style>h1,p,span{unicode-bidi:plaintext}body{font:1rem/1.5 sans-serif;margin:2rem auto;max-width:50rem;padding:0 1rem}
.olpc-activity-info{border-top:1px solid #ccc;padding:.75rem 0;display:flex;gap:1rem;align-items:center}
.olpc-activity-info img{width:3rem;height:3rem}.hidden{display:none}</style></head>
<body>
<h1 id="olpc-activity-group-name">${title}</h1>
<p id="olpc-activity-group-desc">${plain(textFor(group.descriptions, language)) || title}</p>
${lines.join('\n')}
<p>${links.join(' ')}</p>
${others.map((other) => `<p><a href="${other.group}/">${escaped(textFor(other.titles, language) || other.group)}</a></p>`).join('')}
</body></html>
`;
}

function entry(
  { id, version, optional, names, summary, icon, file, bytes }: PageBundle,
  language: string,
): string {
  const name = plain(names === undefined ? id : textFor(names, language));
  const picture = icon === undefined ? '' : `<img alt="" src="${addressOfIcon(icon)}"/>`;
  const about = summary === undefined ? '' : `<span>${escaped(summary)}</span>`;
  return `<div class="olpc-activity-info">${picture}<span class="olpc-activity-name">${name}</span>
<span class="olpc-activity-id hidden">${id}</span>
<span class="olpc-activity-version">${version}</span>
<span class="olpc-activity-url"><a href="${file}">${name}</a></span>
<span class="olpc-activity-optional hidden">${optional ? 1 : 0}</span>
<span class="olpc-activity-size hidden">${bytes}</span>${about}</div>`;
}

/**
 * Text inside an element that an updater reads. It takes the last piece where a text is in pieces, and a character
 * reference makes pieces: characters that need one are written by their wide twins.
 */
function plain(text: string): string {
  const wide: Readonly<Record<string, string>> = { '&': '＆', '<': '＜', '>': '＞' };
  return printable(text).replace(/[&<>]/g, (character) => wide[character]!);
}

function escaped(text: string): string {
  return printable(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Without what no reader sees and HTML does not allow: control characters, and halves of characters. */
function printable(text: string): string {
  return inItsDirection(text)
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cs}]/gu, '');
}

/** Languages are written `pt_BR` in bundles and `pt-BR` in HTML. */
function htmlCode(code: string): string {
  return code.replace(/_/g, '-').replace(/@.*/, '');
}

/** A picture inside the page: as an image it cannot run anything, whatever it holds. */
function addressOfIcon(icon: string): string {
  if (/^data:image\/png;base64,[A-Za-z0-9+/=]*$/.test(icon)) return icon;
  return `data:image/svg+xml;base64,${Buffer.from(icon, 'utf8').toString('base64')}`;
}

/** The page with the links to all groups. */
export function groupsPage(
  groups: readonly Pick<GroupRecord, 'group' | 'titles' | 'descriptions'>[],
  language: string,
): string {
  const lines = groups.map(
    ({ group, titles, descriptions }) =>
      `<p><a href="${group}/">${escaped(textFor(titles, language) || group)}</a> ${escaped(textFor(descriptions, language))}</p>`,
  );
  return `<!DOCTYPE html>
<html lang="${htmlCode(language || 'en')}"><head><meta charset="utf-8"/><title>Activities</title></head>
<body>${lines.join('\n')}</body></html>
`;
}
