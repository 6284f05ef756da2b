import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseItem } from './client-changes.ts';

test('a line that rsync prints for a path is understood, and no other', () => {
  const item = (line: string) => {
    const found = parseItem(line);
    return found && [found.path, found.state, found.isDirectory, found.size];
  };
  assert.deepEqual(item('.f          12 etc/same'), ['etc/same', 'same', false, 12]);
  assert.deepEqual(item('>fcst...... 12 etc/issue'), ['etc/issue', 'different', false, 12]);
  assert.deepEqual(item('.f....x.... 5 bin/ping'), ['bin/ping', 'different', false, 5]);
  assert.deepEqual(item('cL+++++++++ 3 a link'), ['a link', 'different', false, 3]);
  assert.deepEqual(item('.d..t...... 4096 ./'), ['', 'different', true, 4096]);
  assert.deepEqual(item('hf          7 group/b'), ['group/b', 'same', false, 7]);
  assert.deepEqual(item('*deleting   0 old/'), ['old', 'extra', true, 0]);
  assert.deepEqual(item('>f+++++++++ 1 names/caf\\#351\\#012'), ['names/caf\xe9\n', 'different', false, 1]);
  for (const line of ['', 'Number of files: 3', 'sent 409 bytes  received 4581 bytes', '  1,234  10%'])
    assert.equal(item(line), undefined);
});
