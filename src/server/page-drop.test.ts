import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DropProblem } from '../rsync/drop-problems.ts';
import { dropSection } from './page-drop.ts';

const wrong: DropProblem = {
  set: 'xyz_jffs2',
  code: 'name-not-allowed',
  parameters: { name: '<script>' },
  message: '',
};
const waits: DropProblem = {
  set: 'py801',
  code: 'drop-set-incomplete',
  parameters: { set: 'py801', missing: 'py801.contents' },
  message: '',
};

test('each problem of the drop directory is one line that names its files, in the reader’s language', () => {
  const english = dropSection({ problems: [wrong], waiting: [waits] }, 'en').html;
  assert.match(english, /<li class="bad">xyz_jffs2: The name &quot;&lt;script&gt;&quot;/);
  assert.match(english, /<li class="soft">py801 waits for its file py801\.contents\.<\/li>/);
  assert.equal(english.match(/<li/g)?.length, 2);
  const spanish = dropSection({ problems: [], waiting: [waits] }, 'es').html;
  assert.match(spanish, /py801 espera su archivo py801\.contents\./);
});

test('nothing is shown when nothing is the matter', () => {
  assert.equal(dropSection({ problems: [], waiting: [] }, 'en').html, '');
});
