import { resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { readConfiguration } from '../device/configuration.ts';
import { anyPlace } from '../device/first-place.ts';
import { deviceLayout } from '../device/layout.ts';
import { type ServerAddress, serverAddress, usualServer } from '../rsync/client-address.ts';

/** What `olpc-update` is called with. */
export type OlpcCall = {
  readonly options: {
    readonly root?: string | undefined;
    readonly server?: ServerAddress | undefined;
    readonly url: boolean;
    readonly listTargets: boolean;
    readonly changelog: boolean;
    readonly usb: boolean;
    readonly reboot: boolean;
    readonly force: boolean;
    readonly verbose: boolean;
    readonly hints?: string | undefined;
    readonly version: boolean;
    readonly timeout?: number | undefined;
  };
  readonly arguments: { readonly words: readonly string[] };
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
};

/** What one call of `olpc-update` is to do. */
export type OlpcTask =
  | { readonly kind: 'version' }
  | { readonly kind: 'list' }
  | { readonly kind: 'changelog'; readonly build: BuildName }
  /** Without a build: what the device's stream names. */
  | { readonly kind: 'update'; readonly build: BuildName | undefined }
  | {
      readonly kind: 'addresses';
      readonly contents: string;
      readonly tree: string;
      readonly build: BuildName;
    }
  /** Without a path: what is found on a drive. */
  | { readonly kind: 'usb'; readonly path: string | undefined; readonly build: BuildName | undefined };

/**
 * Which of its forms a call has (facts, section 4). Throws `options-conflict`, `argument-needed`,
 * `argument-unexpected`, `name-not-allowed`.
 */
export function olpcTask({ options, arguments: { words } }: OlpcCall): OlpcTask {
  const forms = [
    ['--version', options.version],
    ['--list-targets', options.listTargets],
    ['--changelog', options.changelog],
    ['--url', options.url],
    ['--usb', options.usb],
  ] as const;
  const [form, other] = forms.filter(([, isGiven]) => isGiven).map(([word]) => word);
  if (form !== undefined && other !== undefined)
    throw new SatchelError('options-conflict', { first: form, second: other });
  const [first, second, third] = words;
  switch (form) {
    case '--version':
      requireAtMost(words, 0);
      return { kind: 'version' };
    case '--list-targets':
      requireAtMost(words, 0);
      return { kind: 'list' };
    case '--changelog':
      requireAtMost(words, 1);
      return { kind: 'changelog', build: buildName(needed(first, 'ID')) };
    case '--url': {
      requireAtMost(words, 3);
      const tree = needed(second, 'TREE-URL');
      const contents = needed(first, 'TOC-URL');
      return { kind: 'addresses', contents, tree, build: buildName(third ?? nameInAddress(tree)) };
    }
    case '--usb':
      requireAtMost(words, 2);
      return {
        kind: 'usb',
        path: first === undefined ? undefined : resolve(first),
        build: second === undefined ? undefined : buildName(second),
      };
    default:
      requireAtMost(words, 1);
      return { kind: 'update', build: first === undefined ? undefined : buildName(first) };
  }
}

/** The server of a call: what it says, else the device's own source, else the one that was always asked. */
export function serverOf({ options }: OlpcCall): ServerAddress {
  if (options.server !== undefined) return options.server;
  const configured = readConfiguration(deviceLayout(rootOf(options)))?.source;
  if (configured === anyPlace) return { kind: 'satchel', url: anyPlace };
  return serverAddress(configured ?? usualServer) ?? { kind: 'satchel', url: configured ?? '' };
}

/** The device: this machine unless the call says otherwise. */
export function rootOf({ root }: { readonly root?: string | undefined }): string {
  return root ?? '/';
}

/** The build's name in the address of its tree: `rsync://host/build-py802-1/root/`. */
function nameInAddress(tree: string): string {
  const parts = tree.split('/').filter(Boolean);
  if (parts.at(-1) === 'root') parts.pop();
  return (parts.at(-1) ?? '').replace(/^build-/, '');
}

function needed(word: string | undefined, argument: string): string {
  if (word === undefined) throw new SatchelError('argument-needed', { argument });
  return word;
}

function requireAtMost(words: readonly string[], most: number): void {
  const extra = words[most];
  if (extra !== undefined)
    throw new SatchelError('argument-unexpected', { argument: extra.slice(0, 200), command: 'olpc-update' });
}
