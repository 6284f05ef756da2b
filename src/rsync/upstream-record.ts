import { Fields } from '../base/fields.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';

/** What is remembered of one build that came, or failed to come, from another server. */
export type Remembered = {
  readonly build: BuildName;
  /** `true` when it was published here; `false` when its archive had the wrong MD5. */
  readonly published: boolean;
  /** SHA-256 of the text of its `.md5` file. */
  readonly md5File: Sha256;
  /** Bytes of the archive. */
  readonly size: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
};

const format = 1;

/** The record of imports at a path; empty where it is absent. Throws `record-invalid`, `record-newer`. */
export function readImportRecord(path: string): Map<BuildName, Remembered> {
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return new Map();
  const fields = Fields.parse(bytes, path);
  fields.expectFormat('imported', format);
  return new Map(
    fields.list('builds').map((entry) => {
      const remembered: Remembered = {
        build: entry.buildName('build'),
        published: entry.flag('published'),
        md5File: entry.sha256('md5File'),
        size: entry.count('size'),
        at: entry.count('at'),
      };
      return [remembered.build, remembered];
    }),
  );
}

/** Remembers one more build, durably. What another process remembered meanwhile is kept. */
export function remember(path: string, entry: Remembered): void {
  const record = readImportRecord(path);
  record.set(entry.build, entry);
  const builds = [...record.values()];
  writeFileAtomic(path, `${JSON.stringify({ satchel: 'imported', format, builds }, undefined, 1)}\n`);
}
