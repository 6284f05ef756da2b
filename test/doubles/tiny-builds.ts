/** Two small builds as archives, with every kind of entry and every kind of change between them. */
import { writeFileSync } from 'node:fs';
import { type ByteString, byteStringFromText } from '../../src/base/byte-string.ts';
import { type TarWriterMember, tarEnd, tarHeader, tarPadding } from '../../src/formats/tar-writer.ts';

type Member = Partial<Omit<TarWriterMember, 'path'>> & { readonly content?: Uint8Array };

const text = (value: string) => Buffer.from(value);
const value = (hex: string) => Buffer.from(hex, 'hex').toString('latin1') as ByteString;
const capability = {
  name: byteStringFromText('security.capability'),
  value: value('0100000200200000000000000000000000000000'),
};

/** Bytes that do not compress, the same on every machine. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

const large = noise(1_200_000, 7);
const changedLarge = Buffer.concat([large.subarray(0, 1_100_000), noise(80_000, 9)]);

const both: Record<string, Member> = {
  bin: { type: 'directory', mode: 0o755 },
  'bin/su': { content: text('su\n'), mode: 0o4755, xattrs: [capability] },
  dev: { type: 'directory', mode: 0o755 },
  'dev/null': { type: 'char', mode: 0o666, device: [1, 3] },
  'dev/queue': { type: 'fifo', mode: 0o600 },
  etc: { type: 'directory', mode: 0o755, mtime: [1_200_000_000, 5] },
  'etc/empty': {},
  'etc/same': { content: text('the same\n'), uid: 33, gid: 34 },
  // A name in Latin-1.
  'etc/\xe9': { content: text('raw\n'), mode: 0o600, mtime: [-5, 250_000_000] },
};

const first: Record<string, Member> = {
  ...both,
  'bin/tool': { content: text('tool\n'), mode: 0o700 },
  'etc/hard': { type: 'hardlink', link: 'etc/name' as ByteString },
  'etc/link': { type: 'symlink', mode: 0o777, link: 'name' as ByteString },
  'etc/name': { content: text('first\n') },
  'etc/old': { content: text('old\n') },
  large: { content: large },
};

const second: Record<string, Member> = {
  ...both,
  'bin/tool': { content: text('tool\n'), mode: 0o755 },
  'etc/hard': { type: 'hardlink', link: 'etc/name' as ByteString },
  'etc/link': { type: 'symlink', mode: 0o777, link: 'new' as ByteString },
  'etc/name': { content: text('second\n') },
  'etc/new': { content: text('new\n') },
  large: { content: changedLarge },
  srv: { type: 'directory', mode: 0o2775, gid: 50 },
};

/** Writes the two archives into a folder: `b1.tar` and `b2.tar`; for machines that boot, with kernels of their own. */
export function writeTinyBuilds(
  folder: string,
  { withKernels = false }: { readonly withKernels?: boolean } = {},
): { readonly b1: string; readonly b2: string } {
  const b1 = `${folder}/b1.tar`;
  const b2 = `${folder}/b2.tar`;
  writeFileSync(b1, archive({ ...first, ...(withKernels ? kernelOf('b1') : {}) }));
  writeFileSync(b2, archive({ ...second, ...(withKernels ? kernelOf('b2') : {}) }));
  return { b1, b2 };
}

function kernelOf(name: string): Record<string, Member> {
  return {
    boot: { type: 'directory', mode: 0o755 },
    'boot/initrd.img': { content: text(`initramfs of ${name}`) },
    'boot/vmlinuz': { type: 'symlink', mode: 0o777, link: 'vmlinuz-6.1' as ByteString },
    'boot/vmlinuz-6.1': { content: text(`kernel of ${name}`) },
  };
}

function archive(members: Readonly<Record<string, Member>>): Buffer {
  const paths = Object.keys(members).filter((path) => members[path]?.type !== 'hardlink');
  const links = Object.keys(members).filter((path) => members[path]?.type === 'hardlink');
  const parts = [...paths.sort(), ...links].flatMap((path) => {
    const { content, ...fields } = members[path]!;
    const size = content?.length ?? 0;
    const member: TarWriterMember = {
      path: path as ByteString,
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: [1_193_961_600, 0],
      xattrs: [],
      ...fields,
      size,
    };
    return [tarHeader(member), ...(content ? [content, tarPadding(size)] : [])];
  });
  return Buffer.concat([...parts, tarEnd()]);
}
