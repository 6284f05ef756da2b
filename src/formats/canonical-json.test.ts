import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CanonicalValue, parseCanonicalJson, serialiseCanonicalJson } from './canonical-json.ts';

const text = (value: CanonicalValue) => serialiseCanonicalJson(value).toString();
const parse = (source: string) => parseCanonicalJson(Buffer.from(source));

test('the published examples come out as published', () => {
  assert.equal(text({ b: 12, a: 'qwerty' }), '{"a":"qwerty","b":12}');
  assert.equal(
    text({ bool: true, num: 42, ary: [1, 2, 3], str: 'foo\\bar' }),
    '{"ary":[1,2,3],"bool":true,"num":42,"str":"foo\\\\bar"}',
  );
  assert.equal(
    text(['oatc-resp', 1, { time: '20120619T144129Z', nonce: '12345678\n' }]),
    '["oatc-resp",1,{"nonce":"12345678\n","time":"20120619T144129Z"}]',
  );
});

test('only quotes and backslashes are escaped', () => {
  assert.equal(text('a"b\\c\n\t\0\u007fé'), '"a\\"b\\\\c\n\t\0\u007fé"');
});

test('keys are sorted by their bytes, which is not the order of UTF-16', () => {
  assert.equal(text({ '\u{1f600}': 1, '\uffee': 2, a: 3, B: 4 }), '{"B":4,"a":3,"\uffee":2,"\u{1f600}":1}');
});

test('empty containers, null, negative numbers and minus zero have one form', () => {
  assert.equal(text([{}, [], null, false, -1, -0]), '[{},[],null,false,-1,0]');
});

test('byte strings go through as bytes', () => {
  const bytes = serialiseCanonicalJson({ '\xff': '\x80\0' }, 'bytes');
  assert.deepEqual(bytes, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x22, 0x80, 0x00, 0x22, 0x7d]));
  assert.equal((parseCanonicalJson(bytes, 'bytes') as Record<string, CanonicalValue>)['\xff'], '\x80\0');
  assert.throws(() => parseCanonicalJson(bytes), { code: 'canonical-json-invalid' });
});

test('fractions, huge numbers, lone surrogates and deep nesting are bugs of the caller', () => {
  for (const value of [0.5, 2 ** 53, Number.NaN]) assert.throws(() => text(value), /integers only/);
  assert.throws(() => text('\ud800'), /surrogate/);
  assert.throws(() => serialiseCanonicalJson('Ā', 'bytes'), /above 255/);
  let deep: CanonicalValue = 1;
  for (let depth = 0; depth < 200; depth += 1) deep = [deep];
  assert.throws(() => text(deep), /too deep/);
});

for (const [source, position] of [
  ['', 0],
  [' 1', 0],
  ['1 ', 1],
  ['01', 1],
  ['-0', 0],
  ['1.5', 1],
  ['1e3', 1],
  ['9007199254740993', 0],
  ['[1,]', 3],
  ['[1 ,2]', 2],
  ['[1', 2],
  ['{"b":1,"a":2}', 7],
  ['{"a":1,"a":2}', 7],
  ['{"a"1}', 4],
  ['"a', 0],
  ['"\\n"', 2],
  ['"\\u0041"', 2],
  ['nul', 0],
  ['tru', 0],
  ['[', 1],
  ['{', 1],
  ['"a"b', 3],
  ['['.repeat(200), 101],
] as const) {
  test(`${JSON.stringify(source.slice(0, 20))} is refused at byte ${position}`, () => {
    assert.throws(() => parse(source), {
      name: 'SatchelError',
      code: 'canonical-json-invalid',
      parameters: { position },
    });
  });
}

test('a key like "__proto__" is a key', () => {
  const value = parse('{"__proto__":1}') as Record<string, CanonicalValue>;
  assert.deepEqual(Object.keys(value), ['__proto__']);
});

const anyValue = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 5 }),
  ),
})).value;

test('whatever is serialised reads back, and serialises to the same bytes', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = serialiseCanonicalJson(value);
      const read = parseCanonicalJson(bytes);
      assert.deepEqual(serialiseCanonicalJson(read), bytes);
      assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what reads at all is canonical: no two spellings of one value are accepted', () => {
  fc.assert(
    fc.property(anyValue, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, place, byte) => {
      const bytes = serialiseCanonicalJson(value, 'text');
      bytes[place % bytes.length] = byte;
      try {
        assert.deepEqual(serialiseCanonicalJson(parseCanonicalJson(bytes, 'bytes'), 'bytes'), bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'canonical-json-invalid');
      }
    }),
    { numRuns: 2000 },
  );
});
