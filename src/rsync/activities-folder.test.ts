/** The folder of the rsync module `activities`: what is in it, what is left out, and why. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import type { BundleRecord, GroupRecord } from '../repository/group-record.ts';
import { type ActivitiesSource, renewActivities } from './activities-folder.ts';
import { keepActivities } from './activities-keeper.ts';
import type { RsyncLayout } from './layout.ts';

const top = mkdtempSync(join(tmpdir(), 'satchel-module-'));
after(() => rmSync(top, { recursive: true }));

const bundle = (id: string, kind: BundleRecord['kind']) =>
  ({ id, version: '1', kind, streams: ['stable'], index: { sha256: `of ${id}` } }) as unknown as BundleRecord;

/** A place that offers these, and makes a zip of each but those that there is no room for. */
function placeWith(name: string, bundles: readonly BundleRecord[], large: readonly string[] = []) {
  const [activities, zips] = [join(top, name, 'pub'), join(top, name, 'zips')];
  for (const folder of [activities, zips]) mkdirSync(folder, { recursive: true });
  const layout = { activities, activitiesRecord: join(top, name, 'record.json') } as RsyncLayout;
  const asked: string[] = [];
  const source: ActivitiesSource = {
    offered: async () => ({
      groups: [{ record: { bundles } as unknown as GroupRecord, details: [] }],
      files: new Map(),
    }),
    zips: {
      async file({ id }, options) {
        asked.push(`${id}${options?.toLink ? ' to link' : ''}`);
        if (large.includes(id)) throw new SatchelError('bundle-zip-no-room', { name: id, bytes: '9 GB' });
        const path = join(zips, id);
        writeFileSync(path, id, { mode: 0o644 });
        return path;
      },
    },
    watched: [],
  };
  return { layout, source, asked, activities };
}

const { signal } = new AbortController();

test('activities and libraries are there; content is made into no zip, for nobody installs it from here', async () => {
  const bundles = [bundle('A', 'activity'), bundle('L', 'library'), bundle('C', 'content')];
  const { layout, source, asked, activities } = placeWith('kinds', bundles);
  assert.deepEqual(await renewActivities(layout, source, signal), []);
  assert.deepEqual(readdirSync(activities).sort(), ['A-1.xo', 'L-1.xol']);
  assert.deepEqual(asked, ['A to link', 'L to link']);
});

test('what there is no room for is left out with its reason, and the others are there', async () => {
  const bundles = [bundle('A', 'activity'), bundle('B', 'activity')];
  const { layout, source, activities } = placeWith('room', bundles, ['A']);
  const reasons = await renewActivities(layout, source, signal);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /^A is not handed out as a file/);
  assert.deepEqual(readdirSync(activities), ['B-1.xo']);
});

test('the log says once what is left out', async () => {
  const { layout, source } = placeWith('log', [bundle('A', 'activity')], ['A']);
  const lines: string[] = [];
  let renewed = 0;
  const { promise: twice, resolve } = Promise.withResolvers<void>();
  const counted: ActivitiesSource = {
    ...source,
    // What is watched changes all the time.
    get watched() {
      writeFileSync(join(top, 'watched'), '');
      return [join(top, 'watched')];
    },
    async offered() {
      renewed += 1;
      if (renewed === 3) resolve();
      return source.offered();
    },
  };
  const keeping = keepActivities(layout, counted, { warn: (line) => lines.push(line) }, { interval: 1 });
  await twice;
  await keeping.close();
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /goes without one of its files: A is not handed out/);
});
