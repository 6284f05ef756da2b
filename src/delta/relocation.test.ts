import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { makePatch } from './binary-patch.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { type TestFunction, testProgram } from './elf.testkit.ts';
import { readElf } from './elf.ts';
import { findRelocation } from './elf-relocation.ts';
import { testObject } from './object.testkit.ts';
import { areaKinds } from './references.ts';
import { type Relocation, relocate } from './relocation.ts';
import { readRelocation, writeRelocation } from './relocation-format.ts';

const functions = Array.from({ length: 120 }, (_, number): TestFunction => {
  const call = (step: number) => `f${(number * step + 7) % 120}`;
  return { name: `f${number}`, bytes: 30 + ((number * 37) % 90), calls: [call(3), call(11), call(29)] };
});
const grown = functions.map((one) => (one.name === 'f50' ? { ...one, bytes: one.bytes + 64 } : one));
const old = testProgram(functions);
const renewed = testProgram(grown);

/** Bytes that a patch has to say: those that differ and those that are new. */
function patchWork(base: Uint8Array, target: Uint8Array): number {
  const { difference, extra } = makePatch(base, target);
  return difference.reduce((sum, value) => sum + (value === 0 ? 0 : 1), extra.length);
}

const area = fc.record({
  kind: fc.constantFrom(...areaKinds),
  gap: fc.nat(20),
  length: fc.nat(400),
  distance: fc.nat(100_000),
});
const anyRelocation = fc
  .record({
    areas: fc.array(area, { maxLength: 5 }),
    shifts: fc.array(fc.record({ gap: fc.nat(5000), shift: fc.integer({ min: -5000, max: 5000 }) }), {
      maxLength: 9,
    }),
    tail: fc.nat(100_000),
  })
  .map(({ areas, shifts, tail }): Relocation => {
    let place = 0;
    let address = 0;
    return {
      areas: areas.map(({ kind, gap, length, distance }) => {
        const start = place + gap;
        place = start + length;
        return { kind, start, length, address: start + distance };
      }),
      shifts: shifts.map(({ gap, shift }) => {
        address += gap;
        return { address, shift };
      }),
      end: address + tail,
    };
  });

describe('a relocation', () => {
  test('leaves of a program whose functions moved only what really changed', () => {
    const relocation = findRelocation(old, renewed, (position) => position);
    assert.ok(relocation);
    const relocated = Buffer.from(old);
    relocate(relocated, relocation);
    const [before, after] = [patchWork(old, renewed), patchWork(relocated, renewed)];
    assert.ok(after < 160 && after * 5 < before, `${after} instead of ${before} bytes`);
  });

  test('leaves of a file that is still to be linked only what really changed', () => {
    const [before, after] = [testObject(functions), testObject(grown)];
    const relocation = findRelocation(before, after, (position) => position);
    assert.ok(relocation);
    const relocated = Buffer.from(before);
    relocate(relocated, relocation);
    const [plain, work] = [patchWork(before, after), patchWork(relocated, after)];
    assert.ok(work < 120 && work * 4 < plain, `${work} instead of ${plain} bytes`);
  });

  test('needs little room', () => {
    const writer = createByteWriter();
    writeRelocation(writer, findRelocation(old, renewed, (position) => position)!);
    assert.ok(writer.length < 80, `${writer.length} bytes`);
  });

  test('is not made for a program where nothing moved, nor for what is no program', () => {
    const same = Buffer.from(old);
    same[textPlace]! ^= 1;
    assert.equal(
      findRelocation(old, same, (position) => position),
      undefined,
    );
    assert.equal(
      findRelocation(Buffer.alloc(5000), renewed, (position) => position),
      undefined,
    );
    assert.equal(
      findRelocation(old, Buffer.alloc(5000), (position) => position),
      undefined,
    );
  });

  test('comes back as it was written', () => {
    fc.assert(
      fc.property(anyRelocation, (relocation) => {
        const writer = createByteWriter();
        writeRelocation(writer, relocation);
        const reader = createByteReader(writer.finish(), 'a test');
        assert.deepEqual(readRelocation(reader), relocation);
        assert.equal(reader.remaining, 0);
      }),
    );
  });

  test('of any bytes is read, or refused as damaged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readRelocation(createByteReader(bytes, 'a test'));
        } catch (error) {
          assert.ok(isSatchelError(error, 'delta-damaged'));
        }
      }),
    );
  });

  test('whatever it says changes only its base, or is refused as damaged', () => {
    fc.assert(
      fc.property(anyRelocation, fc.uint8Array({ minLength: 0, maxLength: 600 }), (relocation, bytes) => {
        const around = Buffer.concat([Buffer.alloc(16, 0xaa), bytes, Buffer.alloc(16, 0xaa)]);
        try {
          relocate(around.subarray(16, 16 + bytes.length), relocation);
        } catch (error) {
          assert.ok(isSatchelError(error, 'delta-damaged'));
        }
        const edges = Buffer.concat([around.subarray(0, 16), around.subarray(16 + bytes.length)]);
        assert.ok(edges.equals(Buffer.alloc(32, 0xaa)));
      }),
    );
  });

  test('is the same for the same content, wherever the bytes lie', () => {
    const relocation = findRelocation(old, renewed, (position) => position)!;
    const [one, other] = [Buffer.from(old), Buffer.concat([Buffer.alloc(3), old]).subarray(3)];
    relocate(one, relocation);
    relocate(other, relocation);
    assert.ok(one.equals(other));
  });
});

/** Inside the first function. */
const textPlace = 0x1004;

test('headers of a program that are cut or damaged are read as far as they go', () => {
  assert.equal(readElf(old)?.sections.length, 6);
  assert.deepEqual(readElf(old.subarray(0, 0x1100))?.sections, []);
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 0, max: 255 }), fc.nat(old.length), (place, value, length) => {
      const damaged = Buffer.from(old.subarray(0, length));
      if (place < length) damaged[place] = value;
      readElf(damaged);
      if (length > 4000) findRelocation(damaged, renewed, (position) => position);
    }),
  );
});

test('a damaged file that is still to be linked is relocated as far as it goes', () => {
  const [before, after] = [testObject(functions), testObject(grown)];
  const relocation = findRelocation(before, after, (position) => position)!;
  fc.assert(
    fc.property(fc.nat(before.length - 1), fc.integer({ min: 0, max: 255 }), (place, value) => {
      const damaged = Buffer.from(before);
      damaged[place] = value;
      findRelocation(damaged, after, (position) => position);
      relocate(damaged, relocation);
    }),
  );
});
