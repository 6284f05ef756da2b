import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';
import { serialOf } from './report-maker.ts';
import { isOptionalText, readStateFile, writeStateFile } from './state-file.ts';

/** With which key this device asks for itself. */
export type Enrolment = {
  /** Whom it was shown to. */
  readonly source: string;
  /** The name of its key. */
  readonly keyId: string;
  /** What it was enrolled as. */
  readonly serial?: string;
  readonly device: string;
};

const format = 1;

/**
 * How this device is enrolled; undefined when it is not, and on a copy of the disk of another device. Throws
 * `device-file-newer`, `device-file-damaged`.
 */
export function readEnrolment(layout: DeviceLayout): Enrolment | undefined {
  return isCopied(layout) ? undefined : readEnrolled(layout);
}

/** True where the key on this disk belongs to another device. */
export function isCopied(layout: DeviceLayout): boolean {
  const enrolled = readEnrolled(layout);
  const serial = serialOf(layout);
  return enrolled !== undefined && serial !== undefined && serial !== enrolled.serial;
}

function readEnrolled(layout: DeviceLayout): Enrolment | undefined {
  return readStateFile(enrolmentFile(layout), format, ({ source, keyId, serial, device }) => {
    if (typeof source !== 'string' || typeof keyId !== 'string' || typeof device !== 'string')
      return undefined;
    if (!isOptionalText(serial)) return undefined;
    return { source, keyId, device, ...(serial === undefined ? {} : { serial }) };
  });
}

/** Writes down that the key was taken. */
export function writeEnrolment(layout: DeviceLayout, enrolment: Enrolment): void {
  writeStateFile(enrolmentFile(layout), format, enrolment);
}

/** The private key of this device; undefined when there is none, or none that can be read. */
export function readDeviceKey(layout: DeviceLayout): KeyObject | undefined {
  const pem = readFileIfThere(keyFile(layout));
  if (pem === undefined) return undefined;
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    // A damaged key is worth as much as none: the device enrols again.
    return undefined;
  }
}

/** Makes a key; only root may read it. It replaces the one before. */
export function makeDeviceKey(layout: DeviceLayout): KeyObject {
  const folder = enrolmentFolder(layout);
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileAtomic(keyFile(layout), pem, { mode: 0o600 });
  return privateKey;
}

function enrolmentFolder({ own }: DeviceLayout): string {
  return join(own, 'enrolment');
}

function keyFile(layout: DeviceLayout): string {
  return join(enrolmentFolder(layout), 'key.pem');
}

function enrolmentFile(layout: DeviceLayout): string {
  return join(enrolmentFolder(layout), 'enrolled.json');
}
