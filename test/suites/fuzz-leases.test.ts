/** What laptops send and what operators and sticks bring about leases: a sentence or sense for anything. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { parseStolen, stolenBytes } from '../../src/advice/stolen.ts';
import { parseActivationRequest } from '../../src/lease/activation-request.ts';
import { parseHolidays } from '../../src/lease/calendar.ts';
import { writeCollection } from '../../src/lease/collection.ts';
import { serialNumber } from '../../src/lease/laptop.ts';
import {
  defaultOfficeSettings,
  readOfficeSettings,
  writeOfficeSettings,
} from '../../src/lease/office-settings.ts';
import * as vectors from '../../src/lease/records.testkit.ts';
import { openSchedule } from '../../src/lease/schedule.ts';
import { schoolsOf } from '../../src/lease/schools.ts';
import { openLeaseStore } from '../../src/lease/store.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { fuzz, fuzzSubject } from './fuzz.testkit.ts';
import { fileSubject } from './fuzz-file.testkit.ts';

const scratch = scratchFolder('fuzz-leases');
after(() => scratch.remove());
const file = scratch.file('file');
const serial = serialNumber('SHC00000001');
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';

/** Puts the bytes into a file, then reads it as the program does. */
const inFile =
  <Value>(path: string, read: () => Value) =>
  (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return read();
  };

suite('leases', () => {
  test('requests of laptops: what is one has a serial number, and names no file', async () => {
    const samples = [serial, `rtcreset ${serial} 20110512T003512Z 0000000135`, `${serial}\n`];
    await fuzz(
      'activation request',
      samples.map((sample) => Buffer.from(sample)),
      (bytes) => parseActivationRequest(bytes.toString('latin1')),
      (request) => assert.match(request?.serial ?? serial, /^[A-Z]{3}[0-9A-F]{8}$/),
    );
  });

  test('files that are taken: all of them or nothing, and what is found is of the laptop', async () => {
    const directory = scratch.file('store');
    const collection = await Array.fromAsync(writeCollection([{ serial, lines: `${vectors.leaseBound}\n` }]));
    const samples = [
      Buffer.from(`${vectors.leaseDirect}\n${vectors.leaseThrough}\n${vectors.developerKey}\n`),
      Buffer.from(`del01: ${serial} ${uuid} ${vectors.delegation}\n`),
      Buffer.from(`SN,UUID\r\n${serial},${uuid}\r\n"SHC00000002";${uuid}\r\n`),
      Buffer.concat(collection),
    ];
    const store = openLeaseStore(directory);
    const take = async (bytes: Buffer) => {
      writeFileSync(file, bytes);
      return store.take([file]);
    };
    await fuzz(
      'lease file',
      samples,
      take,
      () => {
        assert.match(store.find(serial) ?? '', /^(?:act01: SHC00000001 [^\n]*\n)*$/);
        for (const { uuid: known } of store.laptops()) assert.match(known, /^[0-9A-F-]{36}$/);
      },
      {
        codes: /^(?:leases-invalid|lease-line-invalid|signature-line-invalid|laptops-line-wrong)$/,
        share: 0.5,
      },
    );
    await store.close();
  });

  test('the files of the store: what is damaged is said, and never more than a laptop has', async () => {
    const directory = scratch.file('held');
    const made = openLeaseStore(directory);
    writeFileSync(file, `${vectors.leaseDirect}\ndel01: ${serial} ${uuid} ${vectors.delegation}\n`);
    await made.take([file]);
    await made.close();
    for (const name of ['1.index', '1.lines', 'held.json']) {
      const path = join(directory, name);
      const good = readFileSync(path);
      const look = async () => {
        const store = openLeaseStore(directory);
        try {
          return [store.find(serial), [...store.laptops()].length];
        } finally {
          await store.close();
        }
      };
      await fuzz(`lease store ${name}`, [good], inFile(path, look), () => {}, { share: 0.3 });
      writeFileSync(path, good);
    }
  });

  test('settings of an office: what is accepted gives leases an end, and is written as it was read', async () => {
    const directory = scratch.file('office');
    mkdirSync(directory);
    const path = join(directory, 'office.json');
    const holidays = parseHolidays('2026-12-20/2027-02-15\n2026-05-01', 'list');
    const rules = { ...defaultOfficeSettings.rules, zone: 'America/Asuncion', holidays, grace: 2 };
    writeOfficeSettings(directory, {
      ...defaultOfficeSettings,
      ...{ key: '/keys/master.private', rules, trust: [`key01: ${vectors.masterKeyHex}`] },
    });
    const sample = JSON.parse(readFileSync(path, 'utf8'));
    await fuzzSubject(
      fileSubject(
        'office settings',
        [sample],
        inFile(path, () => readOfficeSettings(directory)),
        {
          accepted(read) {
            assert.match(openSchedule(read.rules).endOf(Date.parse('2026-03-02')), /^\d{8}T\d{6}Z$/);
            writeOfficeSettings(directory, read);
            assert.deepEqual(readOfficeSettings(directory), read);
          },
          codes: /^lease-settings-damaged$/,
        },
      ),
    );
  });

  test('the list of stolen laptops', async () => {
    const list = {
      salt: '0123456789abcdef',
      devices: new Set(['0011223344556677']),
      changed: '2026-03-01T08:00:00Z',
    };
    const sample = JSON.parse(Buffer.from(stolenBytes(list)).toString());
    await fuzzSubject(
      fileSubject('stolen list', [sample], parseStolen, {
        accepted: (read) => assert.deepEqual(parseStolen(stolenBytes(read)), read),
        codes: /^record-(?:invalid|newer)$/,
      }),
    );
  });

  test('lists of holidays and of schools', async () => {
    await fuzz(
      'holidays',
      [Buffer.from('2026-12-25 # Christmas\n2026-12-20/2027-02-15, summer\n')],
      (bytes) => parseHolidays(bytes.toString('utf8'), 'list'),
    );
    const folders = { keys: scratch.file('keys'), output: scratch.file('out') };
    await fuzz(
      'schools',
      [Buffer.from(`school,SN,UUID\nnorth,${serial},${uuid}\nsouth,SHC00000002,${uuid}\n`)],
      inFile(file, () => schoolsOf(file, folders)),
      (schools) => {
        for (const { output } of schools)
          assert.match(output, /\/out\/[A-Za-z0-9][A-Za-z0-9._-]*\/d-lease\.sig$/);
      },
    );
  });
});
