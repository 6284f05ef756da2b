import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListFile, parseSourcesFile, sourceLine } from './apt-sources.ts';

test('a one-line source gives its address, suite and components, and keeps what it says about trust', () => {
  const text =
    '# comment\ndeb-src http://mirror.example/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # more\n';
  assert.deepEqual(parseListFile(text), [
    {
      address: 'http://mirror.example/debian',
      suite: 'bookworm',
      components: ['main', 'contrib'],
      options: ['signed-by=/k.gpg'],
    },
  ]);
});

test('a deb822 stanza stands for every address with every suite, comments inside it aside', () => {
  const text = `Types: deb deb-src
# http://elsewhere.example/
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /k.gpg
`;
  assert.deepEqual(parseSourcesFile(text).map(sourceLine), [
    'deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main',
    'deb [signed-by=/k.gpg] http://mirror.example/debian bookworm-updates main',
  ]);
});

test('a stanza that is switched off, or of sources only, is passed over', () => {
  const stanza = 'URIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n';
  assert.deepEqual(parseSourcesFile(`Types: deb\nEnabled: no\n${stanza}\nTypes: deb-src\n${stanza}`), []);
});

test('a key written into the stanza is not taken for a path', () => {
  const text = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
`;
  assert.deepEqual(parseSourcesFile(text)[0]?.options, []);
});
