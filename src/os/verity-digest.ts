/**
 * The digest that the kernel gives a file which it protects by fs-verity: the root of a tree of hashes over its
 * blocks, and the size. Reckoned here from the same bytes that were compared with the index, it tells whether the
 * kernel protects just these. Format: Documentation/filesystems/fsverity.rst of the kernel ("Merkle tree",
 * "fs-verity descriptor"); SHA-256, blocks of 4096 bytes, no salt.
 */
import { hash } from 'node:crypto';

/** Bytes of a block; the only size that every kernel with fs-verity takes on a machine with pages of this size. */
export const verityBlockSize = 4096;
const hashSize = 32;
const descriptorSize = 256;

/** One level of the tree: the hashes that do not fill a block yet. */
type Level = { readonly block: Buffer; filled: number; hashes: number };

/** Reckons the digest of a file from its bytes, in pieces of any size, with 4 KiB of memory for each level. */
export class VerityDigest {
  readonly #levels: Level[] = [];
  readonly #data = Buffer.alloc(verityBlockSize);
  #inData = 0;
  #size = 0n;

  update(bytes: Uint8Array): void {
    this.#size += BigInt(bytes.length);
    let at = 0;
    while (at < bytes.length) {
      const isWhole = this.#inData === 0 && bytes.length - at >= verityBlockSize;
      if (isWhole) {
        this.#add(0, bytes.subarray(at, at + verityBlockSize));
        at += verityBlockSize;
        continue;
      }
      const piece = bytes.subarray(at, at + verityBlockSize - this.#inData);
      this.#data.set(piece, this.#inData);
      this.#inData += piece.length;
      at += piece.length;
      if (this.#inData === verityBlockSize) this.#endData();
    }
  }

  /** SHA-256 of the descriptor, as `FS_IOC_MEASURE_VERITY` tells it. Nothing may be added afterwards. */
  digest(): Buffer {
    if (this.#inData > 0) this.#endData();
    const descriptor = Buffer.alloc(descriptorSize);
    descriptor[0] = 1; // version
    descriptor[1] = 1; // SHA-256
    descriptor[2] = Math.log2(verityBlockSize);
    descriptor.writeBigUInt64LE(this.#size, 8);
    this.#root()?.copy(descriptor, 16);
    return hash('sha256', descriptor, 'buffer');
  }

  #endData(): void {
    this.#data.fill(0, this.#inData);
    this.#inData = 0;
    this.#add(0, this.#data);
  }

  #add(number: number, block: Uint8Array): void {
    this.#levels[number] ??= { block: Buffer.alloc(verityBlockSize), filled: 0, hashes: 0 };
    const level = this.#levels[number];
    hash('sha256', block, 'buffer').copy(level.block, level.filled);
    level.filled += hashSize;
    level.hashes += 1;
    if (level.filled === verityBlockSize) this.#endLevel(number, level);
  }

  #endLevel(number: number, level: Level): void {
    level.block.fill(0, level.filled);
    level.filled = 0;
    this.#add(number + 1, level.block);
  }

  /** The hash of the one block on top; undefined for an empty file. */
  #root(): Buffer | undefined {
    for (let number = 0; ; number += 1) {
      const level = this.#levels[number];
      if (level === undefined) return undefined;
      if (level.hashes === 1) return level.block.subarray(0, hashSize);
      if (level.filled > 0) this.#endLevel(number, level);
    }
  }
}

/** Bytes of the tree of hashes of a file with this many bytes, in whole blocks. */
export function verityTreeSize(size: number): number {
  const perBlock = verityBlockSize / hashSize;
  let blocks = Math.ceil(size / verityBlockSize);
  let sum = 0;
  while (blocks > 1) {
    blocks = Math.ceil(blocks / perBlock);
    sum += blocks;
  }
  return sum * verityBlockSize;
}
