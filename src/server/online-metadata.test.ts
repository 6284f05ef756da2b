import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { metadataText, servedRepository } from '../../test/doubles/served-repository.ts';
import { isSatchelError } from '../base/errors.ts';
import { checkOnlineMetadata } from './online-metadata.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const past = '2025-12-31T23:59:59Z';
const future = '2027-01-01T00:00:00Z';

const refused =
  (code: 'server-metadata-expired' | 'server-metadata-unreadable', name: string) => (error: unknown) =>
    isSatchelError(error, code) && error.parameters.name === name;

test('a repository whose online metadata is all there and valid is healthy', async () => {
  using repository = servedRepository();
  await checkOnlineMetadata(repository.directory, now);
});

test('an expired timestamp, snapshot or online role is named', async () => {
  using repository = servedRepository();
  const names = ['metadata/1.streams.json', 'metadata/2.snapshot.json', 'metadata/timestamp.json'];
  for (const name of names) {
    const meta = { 'snapshot.json': { version: 2 }, 'streams.json': { version: 1 } };
    repository.write(name, metadataText(1, past, meta));
    await assert.rejects(
      checkOnlineMetadata(repository.directory, now),
      refused('server-metadata-expired', name),
    );
  }
});

test('metadata that is missing, torn or nonsense is named', async () => {
  using repository = servedRepository();
  rmSync(`${repository.directory}/metadata/1.streams.json`);
  await assert.rejects(
    checkOnlineMetadata(repository.directory, now),
    refused('server-metadata-unreadable', 'metadata/1.streams.json'),
  );
  for (const text of ['', '{', 'null', '[]', '{"signed":{}}', '{"signed":{"version":1,"expires":"soon"}}']) {
    repository.write('metadata/timestamp.json', text);
    await assert.rejects(
      checkOnlineMetadata(repository.directory, now),
      refused('server-metadata-unreadable', 'metadata/timestamp.json'),
    );
  }
  for (const version of ['../../etc/passwd', 1.5]) {
    const meta = { 'snapshot.json': { version: version as number } };
    repository.write('metadata/timestamp.json', metadataText(1, future, meta));
    await assert.rejects(
      checkOnlineMetadata(repository.directory, now),
      refused('server-metadata-unreadable', 'metadata/timestamp.json'),
    );
  }
});
