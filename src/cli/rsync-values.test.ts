import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import {
  directoryOrDefault,
  rsyncAddress,
  upstreamOrNone,
  userName,
  waitingTime,
  wholeNumber,
} from './rsync-values.ts';

const usual = process.getuid?.() === 0 ? 873 : 8730;

test('an address for rsync clients may lack its port or its host', () => {
  for (const [given, host, port] of [
    ['127.0.0.1:8731', '127.0.0.1', 8731],
    ['8731', '0.0.0.0', 8731],
    [':0', '0.0.0.0', 0],
    ['school.example', 'school.example', usual],
    ['0.0.0.0', '0.0.0.0', usual],
    ['[::1]', '::1', usual],
    ['[::]:873', '::', 873],
  ] as const)
    assert.deepEqual(rsyncAddress(given, '--rsync'), { host, port }, given);
  for (const given of ['', 'x:y', '1.2.3.4:99999', 'a b', '[::1', 'rsync://host/'])
    assert.throws(
      () => rsyncAddress(given, '--rsync'),
      (error) => isSatchelError(error, 'rsync-address-not-understood'),
      given,
    );
});

test('numbers, times, users and places are read, and slips are said', () => {
  assert.equal(wholeNumber(19)('19', '--nice'), 19);
  assert.equal(waitingTime('2min', '--wait'), 120);
  assert.equal(userName('www-data', '--user'), 'www-data');
  assert.equal(directoryOrDefault('default', '--packed'), null);
  assert.equal(directoryOrDefault('/srv/packed', '--packed'), '/srv/packed');
  assert.equal(upstreamOrNone('none', '--upstream'), null);
  assert.equal(upstreamOrNone('rsync://mothership/os/{name}', '--upstream'), 'rsync://mothership/os/{name}');
  for (const slip of [
    () => wholeNumber(19)('20', '--nice'),
    () => wholeNumber(19)('-1', '--nice'),
    () => waitingTime('8d', '--wait'),
    () => userName('root\nx', '--user'),
    () => upstreamOrNone('ftp://x/{name}', '--upstream'),
  ])
    assert.throws(slip, (error) => isSatchelError(error));
});
