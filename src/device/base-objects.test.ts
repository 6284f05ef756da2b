import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathBelow } from '../base/byte-string.ts';
import { buildName } from '../base/identifiers.ts';
import { objectsOf } from '../build/objects.ts';
import { locateBaseObjects, objectPlaces } from './base-objects.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { readInstalledIndex } from './installed.ts';

test('every object is found where it lies in the tree', async (context) => {
  const layout = emptyDevice(context);
  const large = Buffer.alloc(1_500_000);
  for (let at = 0; at < large.length; at += 256 * 1024) large.writeUInt32LE(at + 1, at);
  const { tree, contents } = await installVersion(layout, 'one', {
    'a-file': 'content',
    'another-name': { link: 'a-file' },
    copy: 'content',
    empty: '',
    large: { content: large },
    'larger-and-alike': { content: Buffer.concat([Buffer.alloc(256 * 1024, 7), large]) },
    nowhere: { symlink: 'large' },
    second: 'other content',
  });
  assert.ok(contents.size > 0);
  const table = readInstalledIndex(layout, buildName('one'));
  const objects = objectsOf(table);
  const placeOf = objectPlaces(structuredClone(locateBaseObjects(table)));
  objects.forEach(({ sha256, size }, ordinal) => {
    const { path, position, size: found } = placeOf(ordinal);
    assert.equal(found, size);
    const content = readFileSync(pathBelow(tree, path)).subarray(position, position + size);
    assert.equal(hash('sha256', content), sha256, `object ${ordinal}`);
  });
  assert.throws(() => placeOf(objects.length), /there is no object/);
});

test('a version without content has no objects', async (context) => {
  const layout = emptyDevice(context);
  await installVersion(layout, 'one', { empty: '', directory: { directory: true } });
  const { list, positions } = locateBaseObjects(readInstalledIndex(layout, buildName('one')));
  assert.deepEqual([list.sizes.length, positions.length], [0, 0]);
});
