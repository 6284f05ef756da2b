import { accessSync, constants, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { systemErrorCode } from '../base/errors.ts';
import { systemError } from '../os/system-error.ts';

/** A sentence about the configuration that the operator should see once. */
export type ConfigurationNotice = { readonly code: MessageCode; readonly parameters: MessageParameters };

/** What an operator adds to the daemon's configuration. */
export type DaemonTemplate = {
  /** Lines before the first module, without those that are Satchel's business. */
  readonly globals: readonly string[];
  /** The operator's own modules as they stand there, in their order. */
  readonly modules: readonly { readonly name: string; readonly lines: readonly string[] }[];
  readonly notices: readonly ConfigurationNotice[];
};

/** Settings on which the running of the daemon depends. rsync ignores case and spaces in names of settings. */
const ourSettings = [
  'address',
  'port',
  'pid file',
  'lock file',
  'daemon uid',
  'daemon gid',
  'daemon chroot',
] as const;

/** The operator's additions; nothing when there is no such file. */
export function readDaemonTemplate(path: string, isOurs: (module: string) => boolean): DaemonTemplate {
  try {
    return parseDaemonTemplate(readFileSync(path, 'utf8'), path, isOurs);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { globals: [], modules: [], notices: [] };
    throw systemError(error, 'read', path);
  }
}

/**
 * Takes a text in the daemon's own format apart. Modules for which `isOurs` holds, settings that are Satchel's, and
 * lines that rsync would stumble over (it then serves nobody) are left out, each with a notice.
 */
export function parseDaemonTemplate(
  text: string,
  path: string,
  isOurs: (module: string) => boolean,
): DaemonTemplate {
  const globals: string[] = [];
  const modules: { name: string; lines: string[] }[] = [];
  const notices: ConfigurationNotice[] = [];
  const notice = (code: MessageCode, parameters: MessageParameters) =>
    notices.push({ code, parameters: { ...parameters, path } });
  let section: string[] = globals;
  let isGlobal = true;
  for (const { line, number } of logicalLines(text)) {
    const header = /^\[([^\]]*)\]$/.exec(line)?.[1];
    const setting = /^([^=]+)=/.exec(line)?.[1];
    if (header === undefined && line.startsWith('[')) {
      // What follows belongs to no module, and least of all to the one before.
      section = [];
      isGlobal = false;
      notice('rsync-template-line-wrong', { line: number });
    } else if (header !== undefined) {
      const name = header.trim().replace(/\s+/g, ' ');
      section = [`[${name}]`];
      isGlobal = plain(name) === 'global';
      if (name === '' || name.includes('/')) notice('rsync-template-line-wrong', { line: number });
      else if (isOurs(name)) notice('rsync-template-module-ours', { module: name });
      else modules.push({ name, lines: section });
    } else if (line.startsWith('&')) {
      if (isReadableInclusion(line)) section.push(line);
      else notice('rsync-template-inclusion', { line: number });
    } else if (setting === undefined) {
      notice('rsync-template-line-wrong', { line: number });
    } else if (isGlobal && isOurSetting(setting)) {
      notice('rsync-template-setting-ours', { setting: setting.trim() });
    } else section.push(line);
  }
  return { globals, modules, notices };
}

/** True for two names that rsync takes for one. */
export function isSameName(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** rsync serves nobody while a file that it is to read besides is not there. */
function isReadableInclusion(line: string): boolean {
  const path = /^&(?:include|merge)\s+(\S.*)$/i.exec(line)?.[1];
  if (path === undefined || !isAbsolute(path)) return false;
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isOurSetting(setting: string): boolean {
  return ourSettings.some((name) => plain(name) === plain(setting));
}

function plain(name: string): string {
  return name.replace(/\s+/g, '').toLowerCase();
}

/** Lines without comments and empty ones; one that ends in a backslash goes on in the next. */
function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let open = '';
  const lines = text.split(/\r?\n/);
  for (const [index, given] of lines.entries()) {
    // rsync reads a comment to the end of its line, whatever that is.
    if (open === '' && /^\s*[#;]/.test(given)) continue;
    const whole = open + given.trim();
    if (whole.endsWith('\\') && index < lines.length - 1) {
      open = whole.slice(0, -1);
      continue;
    }
    open = '';
    const line = whole.replace(/\\$/, '');
    if (line !== '') yield { line, number: index + 1 };
  }
}
