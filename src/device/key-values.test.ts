import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { parseKeyValues, serialiseKeyValues } from './key-values.ts';

test('what is written is read again, values with equals signs and spaces too', () => {
  const fields = { build: 'py802-1', options: 'root=LABEL=Root rw', since: '2026-01-01T00:00:00Z' };
  assert.deepEqual({ ...parseKeyValues(serialiseKeyValues(fields)) }, fields);
  assert.equal(serialiseKeyValues({ tries: 3, reason: undefined }), 'tries=3\n');
});

test('lines that are no field are passed over, and of two the last counts', () => {
  const text = '# words\n=x\nBuild=1\n build=2\nbuild=3\nbuild=4\n__proto__=x\ncut';
  assert.deepEqual({ ...parseKeyValues(text) }, { build: '4' });
});

for (const value of ['two\nlines', 'a"b', "a'b", 'a$b', 'a`b', 'a;b', 'a*b', 'año', 'a\\b', '\0'])
  test(`the value ${JSON.stringify(value)} is refused`, () => {
    assert.throws(
      () => serialiseKeyValues({ key: value }),
      (error) => isSatchelError(error, 'shared-value-not-allowed'),
    );
  });
