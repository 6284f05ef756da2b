import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { chooseStream, readConfiguration, writeConfiguration } from './configuration.ts';
import { emptyDevice } from './device.fixture.ts';

test('a configuration comes back as it was written', (context) => {
  const layout = emptyDevice(context);
  assert.equal(readConfiguration(layout), undefined);
  const configuration = { source: 'http://site/repo', stream: streamName('testing') };
  writeConfiguration(layout, configuration);
  assert.deepEqual(readConfiguration(layout), configuration);
  writeConfiguration(layout, { source: 'file:///media' });
  assert.deepEqual(readConfiguration(layout), { source: 'file:///media' });
});

for (const [what, text] of [
  ['no JSON', '{"format":1,'],
  ['a list', '[1]'],
  ['no format', '{"source":"x"}'],
  ['a source that is no text', '{"format":1,"source":7}'],
  ['an empty source', '{"format":1,"source":""}'],
  ['a stream that is no name', '{"format":1,"source":"x","stream":"../x"}'],
] as const)
  test(`a configuration with ${what} is refused`, (context) => {
    const layout = emptyDevice(context);
    writeFileSync(layout.configuration, text);
    assert.throws(
      () => readConfiguration(layout),
      (error) => isSatchelError(error, 'device-file-damaged'),
    );
  });

test('a configuration of a newer program is refused as such', (context) => {
  const layout = emptyDevice(context);
  writeFileSync(layout.configuration, '{"format":2,"sources":[]}');
  assert.throws(
    () => readConfiguration(layout),
    (error) => isSatchelError(error, 'device-file-newer') && error.parameters.format === 2,
  );
});

test('the stream comes from the option, then the files in their order, then the configuration', (context) => {
  const layout = emptyDevice(context);
  const choose = (option?: string, configured?: string) => {
    const configuration = configured && { source: 'x', stream: streamName(configured) };
    return chooseStream(
      layout,
      option === undefined ? undefined : streamName(option),
      configuration || undefined,
    ).stream;
  };
  assert.equal(choose(), 'stable');
  assert.equal(choose(undefined, 'configured'), 'configured');
  for (const file of ['etc/update-stream', 'etc/olpc-update/update-stream', 'security/update-stream']) {
    const path = join(layout.root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${file.split('/')[0]}-${file.length}\n`);
    assert.equal(choose(undefined, 'configured'), `${file.split('/')[0]}-${file.length}`);
  }
  assert.equal(choose('option', 'configured'), 'option');
});

test('the stream none means never, and the file that says so is named', (context) => {
  const layout = emptyDevice(context);
  const path = join(layout.security, 'update-stream');
  writeFileSync(path, 'none\n');
  assert.deepEqual(chooseStream(layout, undefined, undefined), { stream: 'none', saidBy: path, never: true });
});

test('an empty stream file says nothing', (context) => {
  const layout = emptyDevice(context);
  writeFileSync(join(layout.security, 'update-stream'), '\n');
  assert.equal(chooseStream(layout, undefined, undefined).saidBy, 'default');
});

test('a stream file with something else in it is refused by its path', (context) => {
  const layout = emptyDevice(context);
  writeFileSync(join(layout.security, 'update-stream'), 'no updates please\n');
  assert.throws(
    () => chooseStream(layout, undefined, undefined),
    (error) => isSatchelError(error, 'update-stream-wrong'),
  );
});
