/** Update pages, read as both generations of Sugar's updaters read them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAsNewUpdater, readAsOldUpdater } from '../../test/doubles/sugar-updaters.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import type { GroupName } from '../repository/group-record.ts';
import { groupPage, type PageBundle, pageLanguages } from './group-page.ts';

const bundle = (id: string, version: string, more: Partial<PageBundle> = {}): PageBundle => ({
  ...{ id: id as BundleId, version: version as BundleVersion, optional: false },
  ...{ file: `${id}-${version}.xo`, bytes: 1000, ...more },
});
const group = {
  group: 'default' as GroupName,
  titles: { '': 'Sums & <more>', es: 'Sumas' },
  descriptions: { '': 'For everybody' },
};
const bundles = [
  bundle('org.laptop.WebActivity', '157', { names: { '': 'Browse', es: 'Navegar' }, summary: 'a & b <i>' }),
  bundle('vu.lux.olpc.Maze', '12.3', { optional: true, icon: '<svg onload="alert(1)"/>' }),
];
const page = (language: string) =>
  groupPage({ group, bundles, language, languages: pageLanguages(group, bundles) });
const base = 'http://schoolserver/activities/default/';

for (const [generation, read] of [
  ['old', readAsOldUpdater],
  ['new', readAsNewUpdater],
] as const)
  test(`the ${generation} updater finds the group and every bundle once, with its address`, () => {
    const { name, description, entries } = read(page(''), base);
    assert.deepEqual([name, description], ['Sums ＆ ＜more＞', 'For everybody']);
    assert.deepEqual(
      [...entries].map(([id, { version, urls }]) => [id, version, ...urls]),
      [
        ['org.laptop.WebActivity', '157', `${base}org.laptop.WebActivity-157.xo`],
        ['vu.lux.olpc.Maze', '12.3', `${base}vu.lux.olpc.Maze-12.3.xo`],
      ],
    );
  });

test('the new updater does not install by itself what is optional', () => {
  const { entries } = readAsNewUpdater(page(''), base);
  assert.deepEqual(
    [...entries.values()].map(({ optional }) => optional),
    [false, true],
  );
});

test('people read it in their language, with a link to every other', () => {
  const spanish = page('es');
  assert.match(spanish, /<h1 id="olpc-activity-group-name">Sumas<\/h1>/);
  assert.match(spanish, />Navegar<\/a>/);
  assert.match(spanish, /<a href="index\.es\.html" hreflang="es">es<\/a>/);
});

test('what a bundle says of itself is text, and its picture can run nothing', () => {
  assert.doesNotMatch(page(''), /<i>|onload/);
  assert.match(page(''), /src="data:image\/svg\+xml;base64,/);
});

test('no control character of a name comes onto the page', () => {
  const names = { '': 'Ma\u001b[31mze\u0000\u0085\nof\tnothing' };
  const odd = [bundle('org.test.Odd', '1', { names, summary: 'a\u0007\u009bb' })];
  const text = groupPage({ group, bundles: odd, language: '', languages: [] });
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u);
  assert.match(text, /olpc-activity-name">Ma\[31mze of nothing</);
});

test('no name turns the direction of what stands beside it, and names from right to left stay as they are', () => {
  const names = { '': 'Game \u202egnp.exe\u2066 x', he: 'מבוך\u200f', fa: 'بازی\u200cها' };
  const both = [bundle('org.test.Both', '1', { names, summary: 'a\u202eb' })];
  const shown = (language: string) => {
    const text = groupPage({ group, bundles: both, language, languages: [] });
    assert.doesNotMatch(text, /\p{Bidi_Control}/u);
    return /activity-name">([^<]*)</.exec(text)?.[1];
  };
  assert.deepEqual(['', 'he', 'fa'].map(shown), ['Game gnp.exe x', 'מבוך', 'بازی\u200cها']);
});

test('every element is closed, because updaters count beginnings and ends', () => {
  const text = page('es').replace(/<style>.*?<\/style>/s, '');
  const begun = [...text.matchAll(/<[a-z][^>]*>/g)].filter(([tag]) => !tag.endsWith('/>')).length;
  assert.equal(begun, [...text.matchAll(/<\/[a-z0-9]+>/g)].length);
});
