import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file laid out in a served repository. */
export type LaidOutFile = { readonly path: string; readonly sha256: string; readonly bytes: Buffer };

/** A directory with the names of a repository and invented content: enough for a server, not for a device. */
export type ServedRepository = {
  readonly directory: string;
  readonly pack: LaidOutFile;
  readonly index: LaidOutFile;
  readonly target: LaidOutFile;
  readonly contents: LaidOutFile;
  /** Paths that lie in the directory and must never be served. */
  readonly secrets: readonly string[];
  write(path: string, content: string | Uint8Array): void;
  [Symbol.dispose](): void;
};

/** Text of a signed metadata file as far as a server looks into it. */
export function metadataText(
  version: number,
  expires: string,
  meta: Readonly<Record<string, { version: number }>> = {},
): string {
  return JSON.stringify({ signatures: [], signed: { version, expires, meta } });
}

/** Lays the directory out under the system's temporary directory; disposing removes it. */
export function servedRepository(): ServedRepository {
  const directory = mkdtempSync(join(tmpdir(), 'satchel-served-'));
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  };
  const named = (bytes: Buffer, path: (sha256: string) => string): LaidOutFile => {
    const sha256 = hash('sha256', bytes);
    write(path(sha256), bytes);
    return { path: `/${path(sha256)}`, sha256, bytes };
  };

  const expires = '2099-01-01T00:00:00Z';
  write('metadata/timestamp.json', metadataText(3, expires, { 'snapshot.json': { version: 2 } }));
  write('metadata/2.snapshot.json', metadataText(2, expires, { 'streams.json': { version: 1 } }));
  write('metadata/1.streams.json', metadataText(1, expires));
  write('metadata/1.root.json', metadataText(1, expires));
  write('lite/stable', 'debian-12.12\n');
  write('lite/debian-12.12.sum', `${'0'.repeat(64)}  etc/hostname\n`.repeat(2000));

  const secrets = [
    '/keys/online.json',
    '/.lock',
    '/packs/.tmp.0123456789abcdef.pack',
    '/metadata/timestamp.json.tmp',
    '/metadata/.tmp.0123456789abcdef.timestamp.json',
    `/packs/${'a'.repeat(64)}.pack.partial`,
    '/lite/.hidden',
  ];
  for (const path of secrets) write(path.slice(1), 'secret');

  return {
    directory,
    pack: named(randomBytes(300_000), (sha256) => `packs/${sha256}.pack`),
    index: named(randomBytes(5_000), (sha256) => `indexes/${sha256}.zst`),
    target: named(Buffer.from('{"build":1}'), (sha256) => `targets/builds/${sha256}.debian-12.12.json`),
    contents: named(Buffer.from('opaque'), (sha256) => `contents/${sha256}`),
    secrets,
    write,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
