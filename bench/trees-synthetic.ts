import { createCipheriv } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

const filesPerDirectory = 100;

/** Seconds since 1970: of every file, and of those that are changed. */
const time = 1_700_000_000;
const timeOfChange = time + 86_400;

/**
 * Writes a tar of `count` small files (about 200 bytes, each different) in directories of a hundred: a tree whose
 * only property is its size. `changed` of them, evenly spread, have other content and a later time than in the tree
 * that has none changed.
 */
export function writeSyntheticTree(output: string, count: number, changed = 0): void {
  const everyFile = changed === 0 ? Number.POSITIVE_INFINITY : Math.floor(count / changed);
  const file = openSync(output, 'w');
  try {
    let pending: Buffer[] = [header('./', 0, '5')];
    for (let number = 0; number < count; number += 1) {
      const directory = `./d${String(Math.floor(number / filesPerDirectory)).padStart(5, '0')}/`;
      if (number % filesPerDirectory === 0) pending.push(header(directory, 0, '5'));
      const isChanged = number % everyFile === everyFile - 1;
      const line = isChanged ? `file ${number}, changed\n` : `file ${number}\n`;
      const content = Buffer.from(line.repeat(12 + (number % 7)));
      const name = `${directory}f${String(number).padStart(7, '0')}`;
      pending.push(header(name, content.length, '0', isChanged ? timeOfChange : time), padded(content));
      if (pending.length > 5000) {
        writeSync(file, Buffer.concat(pending));
        pending = [];
      }
    }
    pending.push(Buffer.alloc(10240));
    writeSync(file, Buffer.concat(pending));
  } finally {
    closeSync(file);
  }
}

/** Writes a tar with a few large files that no compression makes smaller, `bytes` in all; the same every time. */
export function writeIncompressibleTree(output: string, bytes: number): void {
  const file = openSync(output, 'w');
  const perFile = 8 * 1024 * 1024;
  try {
    writeSync(file, header('./', 0, '5'));
    // A key stream is noise to every compressor, and the same noise every time.
    const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
    const zeros = Buffer.alloc(perFile);
    for (let number = 0; number * perFile < bytes; number += 1) {
      writeSync(file, header(`./noise-${String(number).padStart(3, '0')}`, perFile, '0'));
      writeSync(file, noise.update(zeros));
    }
    writeSync(file, Buffer.alloc(10240));
  } finally {
    closeSync(file);
  }
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A ustar header: root's. */
function header(name: string, size: number, type: '0' | '5', mtime = time): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(name, 0, 'latin1');
  block.write(`${octal(type === '5' ? 0o755 : 0o644, 7)}\0`, 100);
  block.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108);
  block.write(`${octal(size, 11)}\0${octal(mtime, 11)}\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
