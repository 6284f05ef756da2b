import { existsSync } from 'node:fs';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { serialiseRequest } from '../trust/request-file.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import type { Words } from './command.ts';

/** Writes a signing request beside the repository and gives its path; undefined when nothing waits. */
export function writeRequest(repo: string, request: SigningRequest): string;
export function writeRequest(repo: string, request: SigningRequest | undefined): string | undefined;
export function writeRequest(repo: string, request: SigningRequest | undefined): string | undefined {
  if (request === undefined) return undefined;
  const time = request.made.replace(/[-:]/g, '');
  let path = `${repo}.to-sign-${time}.json`;
  // Requests of one second must not overwrite each other.
  for (let number = 2; existsSync(path); number += 1) path = `${repo}.to-sign-${time}-${number}.json`;
  writeFileAtomic(path, serialiseRequest(request));
  return path;
}

/** What to do with a request, as lines; none when nothing waits. */
export function requestLines(path: string | undefined, words: Words): string[] {
  return path === undefined ? [] : [words.say('result-to-sign', { path })];
}
