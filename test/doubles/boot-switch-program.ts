/**
 * One step of a device's boot pointer, as a process of its own that a test can end:
 *
 *   node boot-switch-program.ts ROOT switch BUILD ALTERNATE|- [TRIES]
 *   node boot-switch-program.ts ROOT good BUILD
 *   node boot-switch-program.ts ROOT forget KEPT...
 */
import process from 'node:process';
import { buildName } from '../../src/base/identifiers.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';

const [root = '', step, ...words] = process.argv.slice(2);
const boot = openBootPointer(deviceLayout(root));
const [build = '', alternate = '-', tries] = words;
if (step === 'switch')
  boot.switchTo(buildName(build), alternate === '-' ? undefined : buildName(alternate), {
    tries: tries === undefined ? undefined : Number(tries),
  });
else if (step === 'good') boot.markGood(buildName(build));
else if (step === 'forget') boot.forgetOthers(new Set(words));
else throw new Error(`no such step: ${step}`);
