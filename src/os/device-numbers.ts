/**
 * The kernel's packed device number as user space sees it (`st_rdev`, `mknod`): glibc's `makedev`.
 * Major has 32 bits and minor has 32 bits, spread over 64.
 */
export function packDevice(major: number, minor: number): bigint {
  const high = BigInt(major);
  const low = BigInt(minor);
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}

/** The device numbers in `stat.rdev`. */
export function unpackDevice(rdev: number | bigint): readonly [major: number, minor: number] {
  const packed = BigInt(rdev);
  const major = ((packed >> 32n) & 0xfffff000n) | ((packed >> 8n) & 0xfffn);
  const minor = ((packed >> 12n) & 0xffffff00n) | (packed & 0xffn);
  return [Number(major), Number(minor)];
}
