import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VerityDigest, verityTreeSize } from './verity-digest.ts';

/** What `fsverity digest` of fsverity-utils 1.5 says of these files. */
const known: readonly (readonly [what: string, content: Buffer, digest: string])[] = [
  ['an empty file', Buffer.alloc(0), '3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95'],
  ['one byte', Buffer.from('x'), 'dbbdfa9d606f7adeaa7f16dcfb0d49161c4cfb82d9d51cfb5cb43fa3dacb9e5b'],
  ['one block', Buffer.alloc(4096), 'babc284ee4ffe7f449377fbf6692715b43aec7bc39c094a95878904d34bac97e'],
  [
    'a block and a byte',
    Buffer.alloc(4097),
    '093756e4ea9683329106d4a16982682ed182c14bf076463a9e7f97305cbac743',
  ],
  [
    'one full level',
    Buffer.alloc(524_288),
    '2d15bd7832895de85aa3d5bdfb57251e27bbec75ff467408340ab3eba858a2e1',
  ],
  [
    'a second level',
    Buffer.alloc(524_289),
    'e4143a5705610b7ad2eb85482cfc033c7062a89b9faf9118603f592d53fd10e0',
  ],
  [
    'a million bytes',
    Buffer.alloc(1_000_000, 'a'),
    '50049eeefec9385017816e55c0783638f225a3938338cbd673ce9ee8bc977100',
  ],
];

for (const [what, content, digest] of known)
  test(`the digest of ${what} is the kernel's, however it comes in pieces`, () => {
    for (const piece of [1 << 20, 4096, 1000, 5000]) {
      const reckoned = new VerityDigest();
      for (let at = 0; at < content.length; at += piece) reckoned.update(content.subarray(at, at + piece));
      assert.equal(reckoned.digest().toString('hex'), digest);
    }
  });

test('a tree of hashes takes whole blocks, and none for a file of one block', () => {
  assert.deepEqual([0, 1, 4096, 4097, 524_288, 524_289].map(verityTreeSize), [0, 0, 0, 4096, 4096, 3 * 4096]);
});
