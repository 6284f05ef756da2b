import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { describeTree, needsRoot } from '../formats/gnu-tar.testkit.ts';
import { base, carried, folder } from './carry.testkit.ts';
import { prepareLayer } from './carry-over.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { layerOf } from './layers.ts';
import { readInLayer, runInLayer } from './local-overlay.testkit.ts';

test('what each side changed comes together', { skip: needsRoot }, async (context) => {
  const { outcomes, look, notices } = await carried(
    context,
    `sed -i s/two/TWO/ etc/conf; echo own > etc/mine-only; echo new > etc/added; rm etc/both-gone
     echo mine > var/data; mkdir var/made; echo x > var/made/file; echo hacked > usr/tool`,
    { 'etc/conf': 'one\ntwo\nthree\nfour\nFIVE\n', 'etc/theirs-only': 'after\n', 'usr/tool': 'tool 2\n' },
  );
  assert.deepEqual(outcomes, [
    'kept etc/added',
    'removed etc/both-gone',
    'merged etc/conf',
    'kept etc/mine-only',
    'dropped usr/tool',
    'kept var/data',
    'kept var/made',
    'kept var/made/file',
  ]);
  assert.equal(
    look('tail -n +1 etc/conf etc/mine-only etc/theirs-only etc/added var/data usr/tool; ls etc'),
    [
      '==> etc/conf <==\none\nTWO\nthree\nfour\nFIVE\n',
      '==> etc/mine-only <==\nown\n',
      '==> etc/theirs-only <==\nafter\n',
      '==> etc/added <==\nnew\n',
      '==> var/data <==\nmine\n',
      '==> usr/tool <==\ntool 2\nadded\nclash\nconf\nd\nmine-only\ntheirs-only\n',
    ].join('\n'),
  );
  assert.deepEqual(notices, []);
});

test('where both changed the same, theirs counts and mine lies beside it', {
  skip: needsRoot,
}, async (context) => {
  const { outcomes, look, notices } = await carried(
    context,
    'echo mine > etc/clash; echo mine > etc/new; rm etc/d/a; : > etc/conf; echo earlier > etc/clash.satchel-local',
    { 'etc/clash': 'theirs\n', 'etc/new': 'theirs\n', 'etc/d/a': 'changed\n' },
  );
  assert.deepEqual(outcomes, [
    'conflict etc/clash etc/clash.satchel-local-2',
    'kept etc/clash.satchel-local',
    'kept etc/conf',
    'conflict etc/d/a',
    'conflict etc/new etc/new.satchel-local',
  ]);
  assert.equal(
    look(
      'cat etc/clash etc/clash.satchel-local-2 etc/clash.satchel-local etc/new etc/new.satchel-local etc/d/a etc/conf',
    ),
    'theirs\nmine\nearlier\ntheirs\nmine\nchanged\n',
  );
  assert.deepEqual(notices, ['carry-conflicts']);
});

test('a folder that was deleted or made anew hides nothing that the next version brings', {
  skip: needsRoot,
}, async (context) => {
  const { outcomes, look, layout, b } = await carried(
    context,
    'rm -r etc/d; rm -r var/old; mkdir var/old; echo 1 > var/old/own; rm -r etc/gone etc/whole',
    { 'etc/d/new': 'new\n', 'var/old/fresh': 'fresh\n' },
    {
      old: {
        'var/old': folder,
        'var/old/x': 'x\n',
        'var/old/y': 'y\n',
        'etc/gone': folder,
        'etc/gone/x': 'x\n',
        'etc/whole': folder,
        'etc/whole/x': 'x\n',
      },
    },
  );
  assert.deepEqual(outcomes, [
    'removed etc/d',
    'removed etc/gone',
    'removed etc/whole',
    'kept var/old/own',
    'removed var/old/x',
    'removed var/old/y',
  ]);
  assert.equal(
    look('find etc/d var/old etc/gone etc/whole 2>/dev/null | sort || :'),
    'etc/d\netc/d/new\nvar/old\nvar/old/fresh\nvar/old/own\n',
  );
  const { upper } = layerOf(layout, b.name);
  const marks = Object.values(describeTree(upper)).flatMap(({ xattrs }) => xattrs);
  assert.deepEqual(marks, [], 'nothing is opaque');
});

test('a deletion of what the next version lacks leaves nothing', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', {
    ...base,
    'etc/old': 'x\n',
    'etc/olds': folder,
    'etc/olds/x': 'x\n',
  });
  const b = await installVersion(layout, 'b', base);
  runInLayer(layout, a, 'rm -r etc/old etc/olds');
  const result = await prepareLayer({ layout, from: a.name, to: b.name });
  assert.deepEqual(result?.outcomes, []);
  assert.deepEqual(readdirSync(layerOf(layout, b.name).upper), []);
});

test('owners, modes, attributes, times and link groups are kept', { skip: needsRoot }, async (context) => {
  const { look, outcomes } = await carried(
    context,
    `chmod 4711 usr/tool; chown 12:34 var/data; setfattr -n user.note -v hi etc/d; chmod 700 etc/d
     mkdir -m 2750 var/box; echo one > var/box/one; ln var/box/one var/box/two; mkfifo -m 600 var/box/pipe
     mknod -m 640 var/box/null c 1 3; ln -s ../data var/box/link; setfacl -m u:9:r var/box/one
     touch -d '2001-02-03 04:05:06.789 UTC' var/box/one; touch -d '2002-02-03 UTC' var/box`,
    { 'var/data': 'next\n', 'usr/tool': { content: 'tool 2\n', mode: 0o755 } },
  );
  assert.deepEqual(outcomes, [
    'kept etc/d',
    'dropped usr/tool',
    'kept var/box',
    'kept var/box/link',
    'kept var/box/null',
    'kept var/box/one',
    'kept var/box/pipe',
    'kept var/box/two',
    'kept var/data',
  ]);
  assert.equal(
    look(`stat -c '%n %a %u:%g %F %t,%T %Y %h' usr/tool var/data etc/d var/box/* var/box | sed 's/  */ /g'; cat var/data
          getfattr --only-values -n user.note etc/d; echo; getfacl -pcn var/box/two | grep user:9; readlink var/box/link`),
    `usr/tool 755 0:0 regular file 0,0 1193961600 1
var/data 644 12:34 regular file 0,0 1193961600 1
etc/d 700 0:0 directory 0,0 1193961600 1
var/box/link 777 0:0 symbolic link 0,0 ${look('stat -c %Y var/box/link').trim()} 1
var/box/null 640 0:0 character special file 1,3 ${look('stat -c %Y var/box/null').trim()} 1
var/box/one 644 0:0 regular file 0,0 981173106 2
var/box/pipe 600 0:0 fifo 0,0 ${look('stat -c %Y var/box/pipe').trim()} 1
var/box/two 644 0:0 regular file 0,0 981173106 2
var/box 2750 0:0 directory 0,0 1012694400 2
next
hi
user:9:r--
../data
`,
  );
});

test('a folder that became something else in the next version keeps what the user had in it, beside it', {
  skip: needsRoot,
}, async (context) => {
  const { outcomes, look } = await carried(
    context,
    'echo own > etc/d/own; echo changed > etc/d/a; rm etc/d/b; rm -r var/moved; ln -s data var/moved',
    { 'var/moved/new': 'n\n' },
    { old: { 'var/moved': folder, 'var/moved/x': 'x\n' } },
  );
  assert.deepEqual(outcomes, ['kept etc/d/a', 'removed etc/d/b', 'kept etc/d/own', 'kept var/moved']);
  assert.equal(look('readlink var/moved'), 'data\n');

  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', base);
  const { 'etc/d/a': _a, 'etc/d/b': _b, 'etc/d': _d, ...rest } = base;
  const b = await installVersion(layout, 'b', { ...rest, 'etc/d': { symlink: '/usr/share/d' } });
  runInLayer(layout, a, 'echo own > etc/d/own; mkdir etc/d/sub; echo x > etc/d/sub/x');
  const result = await prepareLayer({ layout, from: a.name, to: b.name });
  assert.deepEqual(result?.outcomes, [
    { path: 'etc/d', outcome: 'conflict', beside: 'etc/d.satchel-local' },
    { path: 'etc/d/own', outcome: 'kept' },
    { path: 'etc/d/sub', outcome: 'kept' },
    { path: 'etc/d/sub/x', outcome: 'kept' },
  ]);
  assert.equal(
    readInLayer(layout, b, 'readlink etc/d; cat etc/d.satchel-local/own etc/d.satchel-local/sub/x'),
    '/usr/share/d\nown\nx\n',
  );
});

test('the operator says what becomes of changes; one that is wrong stops no update', {
  skip: needsRoot,
}, async (context) => {
  const policy = '# ours\nkeep /usr/t*\ndrop /etc/**/own\nmerge /etc\n';
  const { outcomes } = await carried(
    context,
    'echo hacked > usr/tool; echo own > etc/d/own; echo x > etc/x; echo y > var/y',
    { 'usr/tool': 'tool 2\n', 'etc/satchel': folder, 'etc/satchel/carry.conf': policy },
  );
  assert.deepEqual(outcomes, ['dropped etc/d/own', 'kept etc/x', 'kept usr/tool', 'dropped var/y']);
  const wrong = await carried(context, 'mkdir etc/satchel; echo sometimes > etc/satchel/carry.conf', {});
  assert.deepEqual(wrong.notices, ['carry-policy-replaced']);
  assert.deepEqual(wrong.outcomes, ['kept etc/satchel', 'kept etc/satchel/carry.conf']);
  await assert.rejects(
    prepareLayer({ layout: wrong.layout, from: wrong.a.name, to: wrong.b.name, dryRun: true }),
    (error) => isSatchelError(error, 'carry-policy-wrong') && error.parameters.line === 1,
  );
});

test('what the initramfs copies is left to it', { skip: needsRoot }, async (context) => {
  const list = '# names\n/etc/conf\n/etc/d/*\n';
  const { outcomes } = await carried(context, 'echo x > etc/conf; echo y > etc/d/a; echo z > etc/mine-only', {
    'etc/conf': 'theirs\n',
    'etc/satchel': folder,
    'etc/satchel/persist.d': folder,
    'etc/satchel/persist.d/10.list': list,
  });
  assert.deepEqual(outcomes, ['persist etc/conf', 'persist etc/d/a', 'kept etc/mine-only']);
});

test('of a new folder that is left behind only the folder is told', { skip: needsRoot }, async (context) => {
  const { outcomes } = await carried(
    context,
    'mkdir -p usr/share/own; echo x > usr/share/own/x; mkdir -p usr/local/bin; echo y > usr/local/bin/y; echo z > usr/z',
    {},
  );
  assert.deepEqual(outcomes, [
    'kept usr/local',
    'kept usr/local/bin',
    'kept usr/local/bin/y',
    'dropped usr/share',
    'dropped usr/z',
  ]);
});

test('what is gone of the old version is known from its index', { skip: needsRoot }, async (context) => {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', {
    ...base,
    'usr/hard': { link: 'etc/clash' },
    'etc/l': { symlink: 'd' },
  });
  const b = await installVersion(layout, 'b', {
    ...base,
    'etc/conf': 'next\n',
    'etc/d/c': 'c\n',
    'etc/l': { symlink: 'e' },
  });
  runInLayer(
    layout,
    a,
    `echo host > etc/mine-only; chmod 600 etc/clash; sed -i s/two/TWO/ etc/conf; rm etc/both-gone; ln -sfn x etc/l
     rm -r etc/d; mkdir etc/d; touch var/data`,
  );
  for (const name of ['etc', 'usr', 'var']) rmSync(join(a.tree, name), { recursive: true });
  const result = await prepareLayer({ layout, from: a.name, to: b.name });
  assert.deepEqual(
    result?.outcomes.map(({ path, outcome }) => `${outcome} ${path}`),
    [
      'removed etc/both-gone',
      'kept etc/clash',
      'conflict etc/conf',
      'removed etc/d/a',
      'removed etc/d/b',
      'conflict etc/l',
      'kept etc/mine-only',
    ],
  );
  assert.equal(
    readInLayer(layout, b, 'cat etc/mine-only etc/conf; stat -c %a etc/clash; ls etc/d'),
    'host\nnext\n600\nc\n',
  );
});

test('accounts of both sides are there', { skip: needsRoot }, async (context) => {
  const root = 'root:x:0:0::/root:/bin/sh\n';
  const { look, outcomes } = await carried(
    context,
    'echo ana:x:1000:1000::/home/ana:/bin/sh >> etc/passwd',
    { 'etc/passwd': `${root}service:x:990:990::/:/bin/false\n` },
    { old: { 'etc/passwd': root } },
  );
  assert.deepEqual(outcomes, ['merged etc/passwd']);
  assert.equal(look('cut -d: -f1 etc/passwd'), 'root\nservice\nana\n');
});
