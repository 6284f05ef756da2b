import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { when } from '../../test/doubles/when.ts';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256, StreamName } from '../base/identifiers.ts';
import { createKeyPair, readPublicKey } from '../lease/key-files.ts';
import type { Serial } from '../lease/laptop.ts';
import { openLeaseOffice } from '../lease/office.ts';
import { emptyRepository, type RepositoryFixture } from '../repository/repository.fixture.ts';
import { type OatsAnswer, verifyOatsAnswer } from './oats-answer.ts';
import { type OatsDesk, openOatsDesk } from './oats-desk.ts';
import { parseOatsEnvelope } from './oats-envelope.ts';
import { defaultOatsNames } from './oats-names.ts';
import type { OatsRequest } from './oats-request.ts';
import {
  defaultOatsSettings,
  type OatsSettings,
  oatsSettingsFile,
  writeOatsSettings,
} from './oats-settings.ts';

const serial = 'SHC00000001' as Serial;
const now = Date.UTC(2026, 0, 15, 12);

/** A desk over a repository, with the failures that it told. */
async function place(test: TestContext, repository: RepositoryFixture, isStolen = false) {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-oats-desk-'));
  const path = join(folder, 'repository');
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => void failures.push(error);
  const clock = () => now;
  const leases = join(folder, 'leases');
  const office = openLeaseOffice({ directory: leases, clock, stolen: () => isStolen, onFailure });
  const desk = openOatsDesk({ repository: path, store: repository.store, clock, office, onFailure });
  test.after(async () => {
    await desk.close();
    await office.close();
    rmSync(folder, { recursive: true });
  });
  createKeyPair(join(folder, 'key'), 'pass');
  writeFileSync(join(folder, 'pass'), 'pass\n');
  const settings = {
    ...defaultOatsSettings,
    key: join(folder, 'key.private'),
    passphraseFile: join(folder, 'pass'),
  };
  const keys = [readPublicKey(join(folder, 'key.public'))];
  const ask = async (more: Partial<OatsRequest> = {}): Promise<OatsAnswer> => {
    const body = await desk.answer({ serial, nonce: 'n', ...more });
    assert.ok(body);
    return verifyOatsAnswer(body, { keys, serial, nonce: 'n', now });
  };
  return { desk, path, settings, failures, ask, leases };
}

const hashOf = async (repository: RepositoryFixture, name: string): Promise<Sha256> => {
  const catalog = await repository.catalog();
  return (await catalog.build(catalog.buildNames().find((build) => build === name)!)).contents.hash;
};

describe('a desk', () => {
  test('answers nobody until it is set up, and with a key that cannot be opened nobody either', async (context) => {
    const repository = await emptyRepository(context);
    const { desk, path, settings, failures } = await place(context, repository);
    assert.equal(desk.settings(), undefined);
    assert.equal(await desk.answer({ serial, nonce: 'n' }), undefined);
    writeOatsSettings(path, { ...settings, key: '/nowhere/key.private' });
    const other = await place(context, repository);
    writeOatsSettings(other.path, { ...other.settings, key: '/nowhere/key.private' });
    await assert.rejects(other.desk.answer({ serial, nonce: 'n' }), /nowhere/);
    await assert.rejects(other.desk.answer({ serial, nonce: 'n' }), /nowhere/);
    assert.equal(other.failures.length, 1, 'it is tried once, and told once');
    assert.deepEqual(failures, []);
  });

  test('answers without a lease where leases cannot be read, and says why elsewhere', async (context) => {
    const repository = await emptyRepository(context);
    await repository.publish('one', { a: '1' });
    const { path, settings, ask, leases, failures } = await place(context, repository);
    writeOatsSettings(path, settings);
    mkdirSync(leases);
    writeFileSync(join(leases, 'held.json'), 'nonsense');
    assert.equal((await ask()).lease, undefined);
    assert.ok(isSatchelError(failures[0], 'lease-store-damaged'), String(failures[0]));
  });

  test('answers without advice where there is no repository', async (context) => {
    const { path, settings, ask, failures } = await place(context, await emptyRepository(context));
    writeOatsSettings(path, { ...settings, updates: '/nowhere/updates.cfg' });
    assert.deepEqual(await ask({ vhash: 'a'.repeat(64) as Sha256 }), {
      nonce: 'n',
      time: '20260115T120000Z',
    });
    assert.equal(failures.length, 1);
  });

  test('takes settings that make no sense for none', async (context) => {
    const { desk, path, failures } = await place(context, await emptyRepository(context));
    writeFileSync(oatsSettingsFile(path), '{"satchel":"oats-settings","format":1}');
    assert.equal(await desk.answer({ serial, nonce: 'n' }), undefined);
    assert.equal(failures.length, 1);
  });
});

describe('settings that have changed', () => {
  const named = (names: readonly string[]) => ({ ...defaultOatsNames, stolen: names });
  /** As `satchel oats set`, which takes longer to end than questions go without a look at the settings. */
  const set = async (path: string, settings: OatsSettings) => {
    writeOatsSettings(path, settings);
    const written = performance.now();
    await when(() => performance.now() - written > 10);
  };
  const namesIn = async (desk: OatsDesk) => {
    const body = await desk.answer({ serial, nonce: 'n' });
    assert.ok(body);
    const { fields } = parseOatsEnvelope(body);
    return ['gone', 'stolen'].filter((name) => Object.hasOwn(fields, name));
  };

  test('hold for the first question after them, and for all that come with it', async (context) => {
    const { desk, path, settings } = await place(context, await emptyRepository(context), true);
    writeOatsSettings(path, settings);
    assert.deepEqual(await namesIn(desk), ['stolen']);
    for (const names of [['gone'], ['stolen'], ['gone', 'stolen']]) {
      await set(path, { ...settings, names: named(names) });
      const asked = await Promise.all([namesIn(desk), namesIn(desk), namesIn(desk)]);
      assert.deepEqual(asked, [names, names, names]);
    }
  });

  test('hold as far as they can where the key does not open', async (context) => {
    const { desk, path, settings, failures } = await place(context, await emptyRepository(context), true);
    writeOatsSettings(path, settings);
    assert.deepEqual(await namesIn(desk), ['stolen']);
    await set(path, { ...settings, key: '/nowhere/key.private', names: named(['gone']) });
    assert.deepEqual(await namesIn(desk), ['gone']);
    assert.equal(failures.length, 1);
  });

  test('keep nobody waiting for a key that opens slowly', async (context) => {
    const { desk, path, settings } = await place(context, await emptyRepository(context), true);
    writeOatsSettings(path, settings);
    assert.deepEqual(await namesIn(desk), ['stolen']);
    const [slow, released] = [`${path}.slow`, `${path}.released`];
    writeFileSync(slow, `#!/bin/sh\nuntil [ -e '${released}' ]; do sleep 0.05; done\nexit 1\n`, {
      mode: 0o700,
    });
    await set(path, { ...settings, key: `command:${slow}`, names: named(['gone']) });
    assert.deepEqual(await namesIn(desk), ['gone'], 'signed by the former key');
    const began = performance.now();
    assert.deepEqual(await namesIn(desk), ['gone']);
    assert.ok(performance.now() - began < 900, 'only the first questions wait at all');
    writeFileSync(released, '');
  });
});

describe('advice by streams', () => {
  test('leads over a waypoint, and a client that is too old no further than it understands', async (context) => {
    const repository = await emptyRepository(context);
    await repository.publish('one', { a: '1' });
    await repository.publish('two', { a: '2' }, { waypoint: true });
    await repository.publish('three', { a: '3' }, { minimumClient: '2.0.0' });
    const { path, settings, ask, desk } = await place(context, repository);
    writeOatsSettings(path, settings);
    const [one, two, three] = await Promise.all(
      ['one', 'two', 'three'].map((name) => hashOf(repository, name)),
    );
    const advised = async (vhash: Sha256 | undefined, client?: string) =>
      (await ask({ ...(vhash && { vhash }), ...(client && { client }) })).update?.name;
    assert.equal(await advised(one, '2.0.0'), 'two');
    assert.equal(await advised(one), 'two');
    assert.equal(await advised(two, '2.0.0'), 'three');
    assert.equal(await advised(two, '1.9.9'), undefined);
    assert.equal(await advised(two), undefined);
    assert.equal(await advised(two, 'x\u00f1'), undefined);
    assert.equal(await advised(three, '2.0.0'), undefined);
    assert.equal(await advised('f'.repeat(64) as Sha256, '2.0.0'), undefined);
    assert.equal(await desk.nameOf(two ?? ''), 'two');
    const elsewhere = await ask({ vhash: two!, client: '2.0.0', stream: 'none' as StreamName });
    assert.equal(elsewhere.update, undefined);
  });
});
