import { contentsLimit } from '../build/entry-rules.ts';
import { readSideFile, type SetFileOptions } from '../build/set-file.ts';

/**
 * True for a manifest whose copying was cut short. The MD5 vouches for the archive, nothing for the manifest: its end
 * has to tell. It is JSON as a rule; what begins otherwise is not looked at. Throws as `readSideFile` does.
 */
export function isCutShort(path: string, options: SetFileOptions): boolean {
  const text = readSideFile(path, contentsLimit, options).toString('latin1').trim();
  const end = { '[': ']', '{': '}', '\0': '' }[text.charAt(0)];
  return end !== undefined && text.at(-1) !== end;
}
