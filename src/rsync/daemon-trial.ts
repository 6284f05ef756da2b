import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { findProgram } from '../os/process.ts';
import { removeTree } from '../os/remove-tree.ts';
import type { RsyncLayout } from './layout.ts';

/** The code with which rsync ends when it cannot read its configuration. */
const syntaxError = 1;
/** Milliseconds. */
const patience = 10_000;

/**
 * Lets a real daemon read a configuration and answer one client that asks for the list, without listening anywhere.
 * Gives what it complains of when it would serve nobody; undefined when all is well, or no rsync is there to ask.
 */
export function configurationFault(layout: RsyncLayout, text: string): string | undefined {
  const program = findProgram('rsync');
  if (program === undefined) return undefined;
  const [trial, log] = [join(layout.run, 'rsyncd.conf.trial'), join(layout.run, 'rsyncd.log.trial')];
  try {
    writeFileAtomic(trial, text);
    writeFileAtomic(log, '');
    // A daemon whose standard input is a socket, as a pipe of Node.js is, serves the client at its other end.
    const { status } = spawnSync(program, ['--daemon', `--config=${trial}`, `--log-file=${log}`], {
      input: '@RSYNCD: 30.0\n#list\n',
      timeout: patience,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    // Any other end is one of the conversation: the operator may ask for another greeting (`proxy protocol`).
    // That it ended before it read what was sent is no failure of the trial.
    if (status !== syntaxError) return undefined;
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    return lines.map(withoutDate).join('; ').replaceAll(trial, layout.configuration);
  } finally {
    for (const path of [trial, log]) removeTree(path);
  }
}

function withoutDate(line: string): string {
  return line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /, '');
}
