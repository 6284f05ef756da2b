import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIndexPage } from './upstream-index-page.ts';

const address = 'http://host/builds/';
const files = (html: string) => parseIndexPage(html, address).files.map(({ name }) => name);

test('the pages of Apache, nginx, lighttpd and Python list their files', () => {
  const apache =
    '<tr><th><a href="?C=N;O=D">Name</a></th></tr><tr><td valign="top">&nbsp;</td><td><a href="/">Parent</a></td></tr>' +
    '<tr><td><a href="py802.name">py802.name</a></td><td align="right">2008-11-02 12:00  </td></tr>' +
    '<tr><td><a href="py802-tree.tar.bz2">py802-tree.tar..&gt;</a></td></tr><tr><td><a href="old/">old/</a></td></tr>';
  assert.deepEqual(parseIndexPage(apache, address), {
    files: [{ name: 'py802-tree.tar.bz2' }, { name: 'py802.name' }],
    folders: ['old'],
    links: [],
    unusual: [],
  });
  assert.deepEqual(
    files('<a href="../">../</a>\r\n<a href="a.name">a.name</a>   02-Nov-2008 12:00   8\r\n'),
    ['a.name'],
  );
  assert.deepEqual(files("<td class='n'><a href='a.name'>a.name</a></td>"), ['a.name']);
  assert.deepEqual(files('<li><a href="a%2Bb.name">a+b.name</a></li>'), ['a+b.name']);
});

test('links elsewhere, to the page and to its other orders are no files', () => {
  for (const link of [
    'http://other/builds/a',
    '//other/a',
    '/a',
    '..',
    '.',
    '',
    '#top',
    'a?x=1',
    'javascript:alert(1)',
    'deep/er',
    'http://[',
  ])
    assert.deepEqual(
      parseIndexPage(`<a href="${link}">`, address),
      { files: [], folders: [], links: [], unusual: [] },
      link,
    );
  assert.deepEqual(files('<a href="/builds/full">'), ['full']);
  assert.deepEqual(files('<a href=http://host/builds/bare>'), ['bare']);
});

test('names that cannot be asked for are told without their odd characters', () => {
  const { unusual, files: usual } = parseIndexPage(
    '<a href="a%20b"><a href="%2e%2e%2fetc"><a href=".hidden"><a href="x%0ay"><a href="%ff"><a href="a&amp;b">',
    address,
  );
  assert.deepEqual(usual, []);
  assert.deepEqual(unusual, ['../etc', '.hidden', 'a b', 'a&b', 'x?y']);
});
