import { SatchelError } from '../base/errors.ts';
import type { BootConfiguration } from '../device/boot-configure.ts';
import { bootKinds } from '../device/boot-pointer.ts';
import { type BootSettings, longestSoak, mostTries, runModes } from '../device/boot-settings.ts';
import { isSharedValue } from '../device/key-values.ts';
import type { Parser, ValuesOf, Words } from './command.ts';
import { flag, value } from './option-kinds.ts';
import { count, duration, oneOf, text } from './options.ts';

/** Words that the initramfs reads too. Throws `shared-value-not-allowed`. */
export const sharedText: Parser<string> = (given, label) => {
  const found = text(given, label);
  if (!isSharedValue(found))
    throw new SatchelError('shared-value-not-allowed', { key: label, value: found.slice(0, 200) });
  return found;
};

const tries: Parser<number> = (given, label) => {
  const number = count(given, label);
  if (number > mostTries)
    throw new SatchelError('boot-tries-too-many', { value: number, option: label, most: mostTries });
  return number;
};

const soak: Parser<number> = (given, label) => {
  const seconds = duration(given, label);
  if (seconds > longestSoak) throw new SatchelError('soak-too-long', { value: given, option: label });
  return seconds;
};

/** The boot partition, as the initramfs finds it. */
export const bootPartition = value('option-boot-partition', 'DEVICE', sharedText);

/** How a device boots: `device init` and `device set`. */
export const bootOptions = {
  boot: value('option-boot', bootKinds.join('|'), oneOf(...bootKinds)),
  bootPartition,
  bootLinks: flag('option-boot-links'),
  runMode: value('option-run-mode', runModes.join('|'), oneOf(...runModes)),
  bootTries: value('option-boot-tries', 'N', tries),
  soak: value('option-soak', 'TIME', soak),
  kernelOptions: value('option-kernel-options', 'TEXT', sharedText),
};

/** What the options ask for. */
export function bootChangeOf(options: ValuesOf<typeof bootOptions>): BootConfiguration {
  return {
    kind: options.boot,
    bootpart: options.bootPartition,
    mode: options.runMode,
    tries: options.bootTries,
    soakSeconds: options.soak,
    options: options.kernelOptions,
    links: options.bootLinks,
  };
}

/** How a device boots, as data for `--json`. */
export function bootResult({ kind, mode, tries, soakSeconds, bootpart, options }: BootSettings) {
  return {
    ...{ kind, mode, tries, soakSeconds },
    partition: bootpart ?? null,
    kernelOptions: options ?? null,
  };
}

/** The same for people. */
export function bootLines(boot: ReturnType<typeof bootResult>, words: Words): readonly string[] {
  const { kind, mode, tries, soakSeconds, partition } = boot;
  return [
    words.say('result-boot-set', { kind, mode, tries, soak: soakSeconds }),
    ...(partition === null || kind === 'olpc' ? [] : [words.say('result-boot-partition', { partition })]),
  ];
}
