/** Sources that hang, lie or break: a device says so, ends, and stays as it was. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { MessageCode } from '../../src/base/catalogue.ts';
import { type FaultRule, startFaultServer } from '../doubles/fault-server.ts';
import { refused, succeed, unchanged, workspace } from './bad-input.testkit.ts';

const place = workspace('network');
const repo = place.at('repo');
const own = 'versions/updates/satchel';
/** What may grow: received pieces and what was verified of them, the journal, the lock, what is to be reported. */
const mayGrow = [
  'spool',
  'journal.json',
  'indexes',
  'lock',
  'trash',
  'trash-lock',
  'usage',
  'links.json',
  'reports',
].map((name) => `${own}/${name}`);
/** New metadata that was signed and verified is kept even when the content then cannot be had. */
const andTrust = [...mayGrow, `${own}/trust`];

const pseudoRandom = (seed: string, length: number) => {
  const pieces = [];
  for (let i = 0; i * 64 < length; i += 1) pieces.push(hash('sha512', `${seed} ${i}`, 'buffer'));
  return Buffer.concat(pieces).subarray(0, length);
};

before(async () => {
  place.write('tree/etc/hostname', 'one\n');
  place.write('tree/bin/large', pseudoRandom('one', 1_500_000));
  for (let i = 0; i < 20; i += 1) place.write(`tree/lib/f${i}`, pseudoRandom(`same ${i}`, 3000));
  await succeed(['init', '--repo', repo]);
  await succeed(['publish', '--repo', repo, '--name', 'one', place.at('tree')]);
  const server = await startFaultServer(repo);
  const root = place.at('template');
  await succeed(['device', 'init', '--root', root, '--source', server.url, '--trust-on-first-use']);
  await succeed(['update', '--root', root]);
  await server.close();
  cpSync(repo, place.at('older'), { recursive: true });
  place.write('tree/etc/hostname', 'two\n');
  place.write('tree/bin/large', pseudoRandom('two', 1_500_000));
  await succeed(['publish', '--repo', repo, '--name', 'two', place.at('tree')]);
  await succeed(['init', '--repo', place.at('foreign')]);
  await succeed(['publish', '--repo', place.at('foreign'), '--name', 'two', place.at('tree')]);
});
after(() => place.remove());

let devices = 0;
/** A device of its own that runs build one. */
function device(): string {
  devices += 1;
  const root = place.at(`device${devices}`);
  cpSync(place.at('template'), root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return root;
}

const hostnameOf = (root: string, build: string) =>
  readFileSync(path.join(root, 'versions/pristine', build, 'etc/hostname'), 'utf8');

type Outcome = readonly MessageCode[] | 'succeeds';

/** Updates a new device from a server with these faults, and makes sure of the end and of what stayed. */
async function updateUnder(rules: readonly FaultRule[], outcome: Outcome, except = andTrust) {
  const root = device();
  const server = await startFaultServer(repo, rules);
  try {
    const hangs = rules.some(({ fault }) => fault.kind === 'hang');
    const words = ['update', '--root', root, '--source', server.url, '--timeout', hangs ? '2s' : '20s'];
    if (outcome === 'succeeds') {
      await succeed(words);
      assert.equal(hostnameOf(root, 'two'), 'two\n');
      return;
    }
    const { stderr, memory } = await unchanged([root], () => refused(words, outcome), except);
    assert.ok(memory < 200 * 1024 * 1024, `${memory} bytes`);
    assert.ok(stderr.includes('127.0.0.1'), stderr);
    assert.deepEqual(readdirSync(path.join(root, 'versions/pristine')), ['one']);
    // The same device is none the worse for it.
    server.setRules([]);
    await succeed(words);
    assert.equal(hostnameOf(root, 'two'), 'two\n');
  } finally {
    await server.close();
  }
}

const timestamp = { path: '/metadata/timestamp.json' };
const snapshot = { pattern: '^/metadata/\\d+\\.snapshot' };
const record = { pattern: '^/targets/streams' };
const index = { pattern: '^/indexes/' };
const map = { pattern: '^/maps/' };
const pack = { pattern: '^/packs/' };
const html = '<html><body>Please accept our terms.</body></html>\n';
const metadata: readonly MessageCode[] = [
  'metadata-malformed',
  'metadata-unsigned',
  'metadata-hash-mismatch',
  'store-too-long',
  'store-too-short',
  'store-wrong-answer',
  'record-invalid',
];

suite('a source with one fault', { concurrency: 6 }, () => {
  const strict: readonly [string, readonly FaultRule[], Outcome][] = [
    [
      'timestamp: hangs before the head',
      [{ ...timestamp, fault: { kind: 'hang', when: 'before-head' } }],
      ['store-stalled'],
    ],
    [
      'timestamp: hangs in the body',
      [{ ...timestamp, fault: { kind: 'hang', when: 'in-body', after: 20 } }],
      ['store-stalled'],
    ],
    [
      'timestamp: too little',
      [{ ...timestamp, fault: { kind: 'truncate', after: 100 } }],
      ['store-too-short'],
    ],
    [
      'timestamp: endless',
      [{ ...timestamp, fault: { kind: 'extra', bytes: 10_000_000, promised: true } }],
      ['store-too-long'],
    ],
    ['timestamp: wrong bytes', [{ ...timestamp, fault: { kind: 'flip', offset: 40 } }], metadata],
    ['timestamp: a login page', [{ ...timestamp, fault: { kind: 'replace', text: html } }], metadata],
    ['timestamp: empty', [{ ...timestamp, fault: { kind: 'replace', text: '' } }], metadata],
    [
      'timestamp: status 500',
      [{ ...timestamp, fault: { kind: 'status', status: 500 } }],
      ['store-unreachable'],
    ],
    ['timestamp: status 403', [{ ...timestamp, fault: { kind: 'status', status: 403 } }], ['store-refused']],
    ['timestamp: reset', [{ ...timestamp, fault: { kind: 'reset' } }], ['store-unreachable']],
    [
      'timestamp: redirects in a circle',
      [{ ...timestamp, fault: { kind: 'redirect', to: '/metadata/timestamp.json' } }],
      ['store-wrong-answer'],
    ],
    [
      'timestamp: compressed on the way',
      [{ ...timestamp, fault: { kind: 'encoding', name: 'gzip' } }],
      ['store-wrong-answer'],
    ],
    ['snapshot: wrong bytes', [{ ...snapshot, fault: { kind: 'flip', offset: 300 } }], metadata],
    ['snapshot: too little', [{ ...snapshot, fault: { kind: 'truncate', after: 100 } }], ['store-too-short']],
    ['snapshot: not there', [{ ...snapshot, fault: { kind: 'status', status: 404 } }], ['store-not-found']],
  ];
  for (const [name, rules, outcome] of strict)
    test(name, () => updateUnder(rules, outcome, name.startsWith('snapshot') ? andTrust : mayGrow));

  const wrong: readonly MessageCode[] = ['source-sends-wrong-bytes'];
  const cases: readonly [string, readonly FaultRule[], Outcome][] = [
    ['record: wrong bytes', [{ ...record, fault: { kind: 'flip', offset: 50 } }], ['target-wrong']],
    [
      'record: a login page',
      [{ ...record, fault: { kind: 'replace', text: html } }],
      ['target-wrong', 'store-too-long'],
    ],
    [
      'record: not there',
      [{ ...record, fault: { kind: 'status', status: 404 } }],
      ['store-not-found', 'target-not-found'],
    ],
    ['index: wrong bytes', [{ ...index, fault: { kind: 'flip', offset: 50 } }], wrong],
    ['index: too long', [{ ...index, fault: { kind: 'resize', by: 1000 } }], 'succeeds'],
    [
      'index: a login page',
      [{ ...index, fault: { kind: 'replace', text: html } }],
      ['source-sends-wrong-bytes', 'store-range', 'store-changed', 'store-wrong-answer', 'store-too-short'],
    ],
    ['map: wrong bytes', [{ ...map, fault: { kind: 'flip', offset: 50 } }], wrong],
    ['map: wrong bytes once', [{ ...map, times: 1, fault: { kind: 'flip', offset: 50 } }], 'succeeds'],
    ['pack: wrong bytes', [{ ...pack, fault: { kind: 'flip', offset: 5000 } }], wrong],
    ['pack: wrong bytes once', [{ ...pack, times: 1, fault: { kind: 'flip', offset: 5000 } }], 'succeeds'],
    [
      'pack: hangs before the head',
      [{ ...pack, fault: { kind: 'hang', when: 'before-head' } }],
      ['store-stalled'],
    ],
    [
      'pack: hangs after the head',
      [{ ...pack, fault: { kind: 'hang', when: 'after-head' } }],
      ['store-stalled'],
    ],
    [
      'pack: hangs once',
      [{ ...pack, times: 1, fault: { kind: 'hang', when: 'in-body', after: 5000 } }],
      'succeeds',
    ],
    [
      'pack: a few bytes each time',
      [{ ...pack, fault: { kind: 'truncate', after: 20 } }],
      ['store-too-short'],
    ],
    ['pack: half each time', [{ ...pack, fault: { kind: 'truncate', after: 700_000 } }], 'succeeds'],
    ['pack: resets', [{ ...pack, fault: { kind: 'reset' } }], ['store-unreachable']],
    ['pack: status 503', [{ ...pack, fault: { kind: 'status', status: 503 } }], ['store-unreachable']],
    [
      'pack: bytes that the head does not promise',
      [{ ...pack, fault: { kind: 'extra', bytes: 1000, promised: false } }],
      'succeeds',
    ],
    [
      'pack: more than was asked for',
      [{ ...pack, fault: { kind: 'extra', bytes: 1000, promised: true } }],
      ['store-wrong-answer', 'store-too-long'],
    ],
    [
      'pack: another part than asked for',
      [{ ...pack, fault: { kind: 'wrong-content-range', shift: 100 } }],
      ['store-wrong-answer'],
    ],
    [
      'pack: compressed on the way',
      [{ ...pack, fault: { kind: 'encoding', name: 'gzip' } }],
      ['store-wrong-answer'],
    ],
    [
      'pack: a redirect in a circle',
      [{ ...pack, fault: { kind: 'redirect', to: '/packs/x' } }],
      ['store-wrong-answer'],
    ],
    [
      'pack: a redirect to a file of the machine',
      [{ ...pack, fault: { kind: 'redirect', to: 'file:///etc/passwd' } }],
      ['store-wrong-answer'],
    ],
    ['pack: not there', [{ ...pack, fault: { kind: 'status', status: 404 } }], ['store-not-found']],
    ['pack: no length told', [{ ...pack, fault: { kind: 'no-length' } }], 'succeeds'],
    ['ranges are ignored everywhere', [{ fault: { kind: 'ignore-ranges' } }], 'succeeds'],
    ['everything is slow', [{ fault: { kind: 'slow', bytesPerSecond: 1_000_000 } }], 'succeeds'],
  ];
  for (const [name, rules, outcome] of cases) test(name, () => updateUnder(rules, outcome));
});

suite('something else at the address', { concurrency: 4 }, () => {
  /** Checks from a server of a few lines; metadata must not change either. */
  async function checkAgainst(
    server: Server | ReturnType<typeof createPlainServer>,
    codes: readonly MessageCode[],
  ) {
    const root = device();
    await new Promise<void>((started) => server.listen(0, '127.0.0.1', started));
    const { port } = server.address() as AddressInfo;
    try {
      for (const command of ['check', 'update']) {
        const words = [command, '--root', root, '--source', `http://127.0.0.1:${port}`, '--timeout', '3s'];
        const { seconds } = await unchanged(
          [root],
          () => refused(words, codes, { patience: 60_000 }),
          mayGrow,
        );
        assert.ok(seconds < 30, `${command} took ${seconds} s`);
      }
    } finally {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
    }
  }

  test('a login page that answers 200 to everything', async () => {
    const portal = createServer((_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(html),
    );
    await checkAgainst(portal, metadata);
  });

  test('a web server without a repository', async () => {
    const empty = createServer((_, response) => response.writeHead(404).end('not here'));
    await checkAgainst(empty, ['repository-absent', 'store-not-found']);
  });

  test('a server that sends a byte now and then', async () => {
    const drip = createServer((_, response) => {
      response.writeHead(200, { 'Content-Length': 100_000 });
      const timer = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(timer));
    });
    await checkAgainst(drip, ['store-stalled', 'store-too-long']);
  });

  test('a server that sends its head byte by byte', async () => {
    const drip = createPlainServer((socket) => {
      const timer = setInterval(() => socket.write('H'), 200);
      socket.on('close', () => clearInterval(timer));
      socket.on('error', () => undefined);
    });
    await checkAgainst(drip, ['store-stalled', 'store-wrong-answer', 'store-unreachable']);
  });

  test('a head without an end', async () => {
    const flood = createPlainServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = () => {
        while (socket.writable && socket.write(`X-${'a'.repeat(1000)}: b\r\n`));
      };
      socket.on('drain', more);
      more();
    });
    await checkAgainst(flood, ['store-wrong-answer']);
  });

  test('no HTTP at all', async () => {
    const mail = createPlainServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('220 mail.example ESMTP \u001b[2J\r\n');
    });
    await checkAgainst(mail, ['store-wrong-answer', 'store-unreachable']);
  });

  test('nobody', async () => {
    const closed = createPlainServer();
    const root = device();
    await new Promise<void>((started) => closed.listen(0, '127.0.0.1', started));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const words = ['update', '--root', root, '--source', `http://127.0.0.1:${port}`];
    await unchanged([root], () => refused(words, 'store-unreachable'), mayGrow);
  });
});

suite('the wrong repository', { concurrency: 3 }, () => {
  async function refuseFrom(
    directory: string,
    codes: readonly MessageCode[],
    except = mayGrow,
    words = ['update'],
  ) {
    const root = device();
    const server = await startFaultServer(directory);
    try {
      const call = [...words, '--root', root, '--source', server.url, '--timeout', '3s'];
      await unchanged([root], () => refused(call, codes), except);
    } finally {
      await server.close();
    }
  }

  test('another one with other keys', () =>
    refuseFrom(place.at('foreign'), ['source-of-another-organisation']));

  test('another one is refused, and not taken for an older copy, by a device that has seen more', async () => {
    const root = device();
    await succeed(['check', '--root', root, '--source', repo]);
    // Its first version carries a lower number than what the device holds.
    const young = place.at('young');
    await succeed(['init', '--repo', young]);
    const words = ['update', '--root', root, '--source', young];
    const { stderr, code } = await unchanged(
      [root],
      () => refused(words, ['source-of-another-organisation']),
      mayGrow,
    );
    assert.equal(code, 4);
    assert.doesNotMatch(stderr, /older/);
  });

  test('metadata of one and files of another', async () => {
    const mixed = place.at('mixed');
    cpSync(repo, mixed, { recursive: true });
    for (const folder of ['packs', 'maps', 'indexes']) {
      rmSync(path.join(mixed, folder), { recursive: true });
      cpSync(place.at('foreign', folder), path.join(mixed, folder), { recursive: true });
    }
    await refuseFrom(mixed, ['store-not-found', 'source-sends-wrong-bytes'], andTrust);
  });

  test('an older copy cannot bring a device back, and is named', async () => {
    const root = device();
    await succeed(['check', '--root', root, '--source', repo]);
    const older = await startFaultServer(place.at('older'));
    try {
      const words = ['update', '--root', root, '--source', older.url, '--timeout', '3s'];
      const { stderr } = await unchanged(
        [root],
        () => refused(words, ['store-not-found', 'metadata-rolled-back']),
        mayGrow,
      );
      assert.match(stderr, /older/);
    } finally {
      await older.close();
    }
  });

  test('a source that moves while it is read: what was received stays', async (context) => {
    const root = device();
    const first = await startFaultServer(repo, [
      { ...pack, times: 1, fault: { kind: 'truncate', after: 900_000 } },
      { ...pack, from: 2, fault: { kind: 'status', status: 503 } },
    ]);
    context.after(() => first.close());
    const second = await startFaultServer(repo);
    context.after(() => second.close());
    assert.notEqual(first.port, second.port);
    const words = ['update', '--root', root, '--timeout', '3s'];
    await refused([...words, '--source', first.url], 'store-unreachable');
    const result = await succeed([...words, '--source', second.url]);
    assert.ok(result.bytesReceived < 700_000, `${result.bytesReceived} bytes were fetched again`);
    assert.equal(hostnameOf(root, 'two'), 'two\n');
  });

  test('a first meeting with something that is no repository makes no device', async () => {
    const server = createServer((_, response) => response.end(html));
    await new Promise<void>((started) => server.listen(0, '127.0.0.1', started));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const words = [
      'device',
      'init',
      '--root',
      place.at('new'),
      '--source',
      url,
      '--trust-on-first-use',
      '--timeout',
      '1s',
    ];
    await unchanged([place.at('new')], () =>
      refused(words, [...metadata, 'root-not-found', 'repository-absent']),
    );
    server.closeAllConnections();
    server.close();
  });
});
