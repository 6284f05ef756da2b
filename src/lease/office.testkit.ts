/** A place that makes leases, with throw-away keys: for tests of offices and of what asks them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { serialiseKeyLine } from '../formats/signature-line.ts';
import { createKeyPair, readPrivateKey, readPublicKey } from './key-files.ts';
import { type Laptop, laptopTime, laptopUuid, serialNumber } from './laptop.ts';
import { makeDelegation } from './make.ts';
import { openLeaseOffice } from './office.ts';
import { defaultOfficeSettings, type OfficeSettings, writeOfficeSettings } from './office-settings.ts';
import { type Signer, signerOfKey } from './signer.ts';
import { openLeaseStore } from './store.ts';

/** The laptop with this number. */
export function numberedLaptop(number: number): Laptop {
  const digits = number.toString(16).padStart(8, '0');
  return { serial: serialNumber(`SHC${digits}`), uuid: laptopUuid(`1273E0EC-AEF1-9FF6-45B2-FB70${digits}`) };
}

/** The passphrase of all keys that are made here. */
const passphrase = 'correct horse';

const made = new Map<string, ReadonlyMap<string, Uint8Array>>();

/** The files of a key by the ends of their names; a key takes long to make, so each test file makes it once. */
function keyFiles(name: string): ReadonlyMap<string, Uint8Array> {
  let files = made.get(name);
  if (files === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'satchel-keys-'));
    createKeyPair(join(folder, name), passphrase);
    const ends = ['.private', '.public'];
    files = new Map(ends.map((end) => [end, readFileSync(join(folder, `${name}${end}`))]));
    rmSync(folder, { recursive: true });
    made.set(name, files);
  }
  return files;
}

/** A folder with keys `master` and `school`, and offices in it; all goes with the test. */
export function leasePlace(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-office-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const directory = join(folder, 'leases');
  mkdirSync(directory);
  const passphraseFile = join(folder, 'passphrase');
  writeFileSync(passphraseFile, `${passphrase}\n`);
  const keys = new Map<string, Signer>();
  for (const name of ['master', 'school']) {
    for (const [end, bytes] of keyFiles(name)) writeFileSync(join(folder, `${name}${end}`), bytes);
    keys.set(name, signerOfKey(readPrivateKey(join(folder, `${name}.private`), passphrase)));
  }
  const state = { now: Date.parse('2026-03-02T12:00:00Z'), steady: 0 };
  const stolen = new Set<string>();
  const failures: unknown[] = [];
  const place = {
    folder,
    directory,
    state,
    stolen,
    failures,
    passphraseFile,
    signer: (name: 'master' | 'school'): Signer => keys.get(name)!,
    publicKey: (name: 'master' | 'school') => readPublicKey(join(folder, `${name}.public`)),
    settings(settings: Partial<OfficeSettings>): void {
      writeOfficeSettings(directory, { ...defaultOfficeSettings, ...settings });
    },
    /** Settles that the office signs with the master key, or with the school's key through delegations. */
    useKey(name: 'master' | 'school', settings: Partial<OfficeSettings> = {}): void {
      place.settings({
        key: join(folder, `${name}.private`),
        passphraseFile,
        delegated: name === 'school',
        trust: [serialiseKeyLine(place.publicKey('master'))],
        ...settings,
      });
    },
    async take(text: string): Promise<void> {
      const file = join(folder, 'file');
      writeFileSync(file, text);
      const store = openLeaseStore(directory);
      await store.take([file]);
      await store.close();
    },
    know: (...laptops: readonly Laptop[]) =>
      place.take(laptops.map(({ serial, uuid }) => `${serial},${uuid}\n`).join('')),
    /** Delegations of laptops to the school's key, until a time in milliseconds since 1970. */
    async delegate(until: number, ...laptops: readonly Laptop[]): Promise<void> {
      const order = {
        signer: place.signer('master'),
        to: place.publicKey('school'),
        expiry: laptopTime(until),
      };
      const lines = await Promise.all(laptops.map((laptop) => makeDelegation(laptop, order)));
      await place.take(lines.join(''));
    },
    office(patience?: number) {
      const office = openLeaseOffice({
        directory,
        clock: () => state.now,
        now: () => state.steady,
        stolen: (serial) => stolen.has(serial),
        onFailure: (error) => failures.push(error),
        ...(patience === undefined ? {} : { patience }),
      });
      context.after(() => office.close());
      return office;
    },
  };
  return place;
}
