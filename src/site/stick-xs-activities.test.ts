/** Activities that a stick brings as the old school servers took them. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { localBundles, localPageBundles } from '../activities/local-bundles.ts';
import { say } from '../base/catalogue.ts';
import { zipOf } from '../formats/zip.testkit.ts';
import { type StickFixture, stickFixture } from './stick.fixture.ts';

/** Puts bundles on the stick, the first as the oldest, and a manifest of all that is there. */
function putActivities({ stick }: StickFixture, bundles: Readonly<Record<string, Buffer>>): void {
  const folder = join(stick, 'xs-activity-server');
  mkdirSync(folder, { recursive: true });
  for (const [age, [name, bytes]] of Object.entries(bundles).entries()) {
    writeFileSync(join(folder, name), bytes);
    utimesSync(join(folder, name), 1_600_000_000 + age, 1_600_000_000 + age);
  }
  const names = readdirSync(folder).filter((name) => !name.startsWith('manifest'));
  const line = (name: string) => `${hash('sha1', readFileSync(join(folder, name)))}  ${name}\n`;
  writeFileSync(join(folder, 'manifest.sha1'), names.map(line).join(''));
}

function activity(version: string): Buffer {
  const info = `[Activity]\nname = One\nbundle_id = org.test.One\nactivity_version = ${version}\nexec = x\nicon = i\n`;
  const files = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>' };
  return zipOf(Object.entries(files).map(([name, content]) => ({ name: `One.activity/${name}`, content })));
}

test('the four newest of each activity stay, and the page has the highest version', async (context) => {
  const fixture = await stickFixture(context);
  const versions = ['3', '9', '1', '2', '4', '5'];
  putActivities(
    fixture,
    Object.fromEntries(versions.map((number) => [`One-${number}.xo`, activity(number)])),
  );
  const site = await fixture.site('village');
  const { xsActivities, problems, copied } = await fixture.load(site);
  assert.deepEqual(problems, []);
  const four = ['One-1.xo', 'One-2.xo', 'One-4.xo', 'One-5.xo'];
  assert.deepEqual(xsActivities?.files, four);
  assert.ok(copied > 0);
  assert.deepEqual(readdirSync(xsActivities!.directory).sort(), four);
  const found = await localBundles(site.layout.activities)();
  assert.deepEqual(
    localPageBundles(found).map(({ id, version, file }) => [id, version, file]),
    [['org.test.One', '5', 'org.test.One-5.xo']],
  );
});

test('what is no bundle is named with its reason, and goes', async (context) => {
  const fixture = await stickFixture(context);
  putActivities(fixture, { 'One-1.xo': activity('1'), 'Bad-1.xo': Buffer.from('no zip') });
  const site = await fixture.site('village');
  const { xsActivities, problems } = await fixture.load(site);
  assert.deepEqual(
    problems.map(({ code, parameters }) => [code, parameters.file]),
    [['activities-local-refused', 'xs-activity-server/Bad-1.xo']],
  );
  assert.deepEqual(readdirSync(xsActivities!.directory), ['One-1.xo']);
});

test('a bad manifest is named with the folder that it is in', async (context) => {
  const fixture = await stickFixture(context);
  putActivities(fixture, { 'One-1.xo': activity('1') });
  writeFileSync(join(fixture.stick, 'xs-activity-server/manifest.sha1'), 'no manifest\n');
  const { problems } = await fixture.load(await fixture.site('village'));
  assert.deepEqual(
    problems.map(({ code, parameters }) => [code, parameters.folder]),
    [['xs-manifest-damaged', 'xs-activity-server']],
  );
  const { text } = say('xs-manifest-damaged', problems[0]!.parameters, 'en');
  assert.match(text, /Nothing of xs-activity-server was taken\.$/);
});

test('what is not as its manifest says is not taken', async (context) => {
  const fixture = await stickFixture(context);
  putActivities(fixture, { 'One-1.xo': activity('1') });
  writeFileSync(join(fixture.stick, 'xs-activity-server/One-1.xo'), activity('2'));
  const { xsActivities, problems } = await fixture.load(await fixture.site('village'));
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['xs-file-wrong'],
  );
  assert.deepEqual(xsActivities?.files, []);
});
