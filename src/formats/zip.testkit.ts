/** Zips byte by byte, so that tests can make those that no zip program writes. */
import { crc32, deflateRawSync } from 'node:zlib';

/** One member; what is left out is as an honest writer on Unix has it. */
export type TestMember = {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** The whole `st_mode`, 0 for a writer that is no Unix. */
  readonly mode?: number;
  readonly crc?: number;
  /** Length that the directory claims. */
  readonly size?: number;
  readonly encrypted?: boolean;
  readonly method?: number;
};

/** The bytes of a zip with these members. */
export function zipOf(members: readonly TestMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name as string);
    const raw = Buffer.from(member.content ?? '');
    const packed = deflateRawSync(raw);
    const common = commonFields(member, raw, packed, name.length);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, name, packed]);
    parts.push(local);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((member.mode ?? 0o100644) * 0x10000, 6);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([30, member.mode === 0 ? 0 : 3]);
    directory.push(Buffer.from('504b0102', 'hex'), madeBy, common, rest, name);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** The same zip with a 64-bit end, which is said to lie at `place`: where it does, unless told otherwise. */
export function withZip64End(zip: Buffer, place?: bigint): Buffer {
  const at = zip.length - 22;
  const end = zip.subarray(at);
  const large = Buffer.alloc(56);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeUInt32LE(44, 4);
  for (const offset of [24, 32]) large.writeUInt32LE(end.readUInt16LE(8), offset);
  for (const offset of [40, 48]) large.writeUInt32LE(end.readUInt32LE(offset === 40 ? 12 : 16), offset);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(place ?? BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([zip.subarray(0, at), large, locator, end]);
}

function commonFields(member: TestMember, raw: Buffer, packed: Buffer, nameLength: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(member.encrypted ? 1 : 0, 2);
  fields.writeUInt16LE(member.method ?? 8, 4);
  // 2020-01-02, noon.
  fields.writeUInt16LE(12 << 11, 6);
  fields.writeUInt16LE((40 << 9) | (1 << 5) | 2, 8);
  fields.writeUInt32LE(member.crc ?? crc32(raw), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(member.size ?? raw.length, 18);
  fields.writeUInt16LE(nameLength, 22);
  return fields;
}
