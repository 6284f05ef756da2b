import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { withSystemErrors } from '../os/system-error.ts';
import { isCollection, longestEntry } from './collection.ts';
import type { Serial } from './laptop.ts';

const windowLength = 1024 * 1024;

/**
 * The records of one laptop in a file of leases, as the laptops' own initramfs finds them: in a collection what stands
 * between `"<serial>":"` and the next `"`, else the lines of that laptop. Undefined when there are none. The file may
 * hold millions; little of it is held.
 */
export function findLeases(path: string, serial: Serial): string | undefined {
  return withSystemErrors('read', path, () => {
    const fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(fd);
      const first = Buffer.alloc(5);
      readSync(fd, first, 0, first.length, 0);
      return isCollection(first) ? findEntry(fd, size, serial) : findLines(fd, size, serial);
    } finally {
      closeSync(fd);
    }
  });
}

function findEntry(fd: number, size: number, serial: Serial): string | undefined {
  const wanted = Buffer.from(`"${serial}":"`, 'latin1');
  const window = Buffer.alloc(windowLength);
  for (let from = 0; from < size; from += windowLength - wanted.length) {
    const bytes = window.subarray(0, readSync(fd, window, 0, windowLength, from));
    const at = bytes.indexOf(wanted);
    if (at >= 0) return textUntilQuote(fd, from + at + wanted.length);
  }
  return undefined;
}

function textUntilQuote(fd: number, from: number): string | undefined {
  const bytes = Buffer.alloc(longestEntry + 1);
  const text = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  const end = text.indexOf('"');
  return end < 0 ? undefined : text.toString('latin1', 0, end);
}

function findLines(fd: number, size: number, serial: Serial): string | undefined {
  const window = Buffer.alloc(windowLength);
  const found: string[] = [];
  let rest = '';
  for (let from = 0; from < size; from += windowLength) {
    const bytes = window.subarray(0, readSync(fd, window, 0, windowLength, from));
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop()?.slice(0, longestEntry) ?? '';
    found.push(...lines.filter((line) => isOf(line, serial)));
  }
  if (isOf(rest, serial)) found.push(rest);
  return found.length === 0 ? undefined : `${found.join('\n')}\n`;
}

function isOf(line: string, serial: Serial): boolean {
  return line.slice(7, 19) === `${serial} `;
}
