import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Language, say } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { Store } from '../store/store.ts';
import {
  type ConfigurationOptions,
  hasConfiguration,
  offeredBuilds,
  writeDaemonConfiguration,
} from './daemon-configuration.ts';
import type { RsyncLayout } from './layout.ts';
import type { OwnBuilds } from './own-builds.ts';
import type { ServiceLog } from './service-log.ts';
import { type RsyncSettings, readRsyncSettings } from './settings.ts';
import type { Trees } from './trees.ts';

/** Milliseconds until a configuration that the daemon does not take is tried again. */
const refusedPause = 10_000;

/** What clients are offered depends on these. */
export type OfferOptions = {
  readonly layout: RsyncLayout;
  readonly repository: string;
  readonly store: Store;
  /** Builds beside those of the repository. */
  readonly own?: OwnBuilds | undefined;
  readonly language: Language;
  readonly log: ServiceLog;
  /** Builds that could be fetched when they are asked for, as far as is known. */
  readonly elsewhere?: (() => readonly BuildName[]) | undefined;
};

/** The modules and settings as they were last read. */
export type Offer = {
  readonly settings: () => RsyncSettings;
  /** Makes the modules those of the builds that there are, and writes the configuration. */
  renew(trees: Pick<Trees, 'prepare'>): Promise<void>;
  /** True when something on which the offer depends has changed since it was last renewed. */
  isOld(): boolean;
  /** True when a configuration of this directory is there already. */
  hasConfiguration(): boolean;
  /** Changes when trees may have to go, or may stay, that did not before: the budget, and the names that are sticky. */
  keeping(): string;
};

/** Reads the settings and follows what changes. Throws what reading the settings throws. */
export function openOffer(options: OfferOptions): Offer {
  const { layout, repository, store, own, language, log } = options;
  let settings = readRsyncSettings(layout);
  let seen = '';
  let tryAgainAt = Number.POSITIVE_INFINITY;
  const told = new Set<string>();
  const tell = (sentence: string) => {
    if (!told.has(sentence)) log.warn(sentence);
    told.add(sentence);
  };
  const keeping = () =>
    [settings.budget, ...withSystemErrors('readdir', layout.sticky, stickyNames)].join('/');
  const stickyNames = () => readdirSync(layout.sticky).sort();
  const look = () =>
    [
      join(repository, 'metadata', 'timestamp.json'),
      ...(own === undefined ? [] : [join(own.repository, 'metadata', 'timestamp.json')]),
      layout.settings,
      layout.template,
      settings.packed ?? layout.packed,
      join(repository, 'lite'),
      layout.activities,
    ]
      .map((path) => mark(statSync(path, { throwIfNoEntry: false })))
      .concat(keeping(), options.elsewhere?.() ?? [])
      .join(' ');

  const write = (builds: ConfigurationOptions['builds'], before: string) => {
    try {
      return writeDaemonConfiguration({ layout, repository, builds, settings, language });
    } catch (error) {
      if (isSatchelError(error, 'rsync-configuration-refused')) {
        // What is wrong may stand in a file that the operator's includes, which is not looked at.
        seen = before;
        tryAgainAt = performance.now() + refusedPause;
      }
      throw error;
    }
  };

  return {
    settings: () => settings,
    keeping,
    hasConfiguration: () => hasConfiguration(layout),
    isOld: () => look() !== seen || performance.now() >= tryAgainAt,
    async renew(trees) {
      // What changes while it is being read is seen the next time.
      settings = readRsyncSettings(layout);
      const before = look();
      const here = await offeredBuilds(own === undefined ? [store] : [store, own.store]);
      const names = new Set(here.map(({ name }) => name));
      const elsewhere = [...(options.elsewhere?.() ?? [])].filter((name) => !names.has(name));
      const builds = [...here, ...elsewhere.map((name) => ({ name }))];
      await trees.prepare(builds.map(({ name }) => name));
      const notices = write(builds, before);
      const sentences = notices.map(({ code, parameters }) => say(code, parameters, 'en').text);
      for (const sentence of told) if (!sentences.includes(sentence)) told.delete(sentence);
      for (const sentence of sentences) tell(sentence);
      seen = before;
      tryAgainAt = Number.POSITIVE_INFINITY;
    },
  };
}

/** What tells two states of a file apart; of a directory only that it is there. */
function mark(found: Stats | undefined): string {
  if (found === undefined) return '-';
  return found.isDirectory() ? 'd' : `${found.ino}:${found.size}:${found.mtimeMs}`;
}
