/** Programs and relocations of them: mutations are refused, or mean what they say. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createByteReader } from '../../src/delta/byte-reader.ts';
import { createByteWriter } from '../../src/delta/byte-writer.ts';
import { type TestFunction, testProgram } from '../../src/delta/elf.testkit.ts';
import { readElf } from '../../src/delta/elf.ts';
import { findRelocation } from '../../src/delta/elf-relocation.ts';
import { testObject } from '../../src/delta/object.testkit.ts';
import { areaKinds } from '../../src/delta/references.ts';
import { type Relocation, relocate } from '../../src/delta/relocation.ts';
import { readRelocation, writeRelocation } from '../../src/delta/relocation-format.ts';
import { fuzzSubject, type Random } from './fuzz.testkit.ts';
import { mutateBytes, mutateNumber, mutateVarints } from './fuzz-bytes.testkit.ts';

/** What tables take whatever they work on, in bytes. */
const ownMemory = 256 * 1024;

suite('programs', () => {
  const functions = Array.from({ length: 30 }, (_, number): TestFunction => {
    const call = (step: number) => `f${(number * step + 7) % 30}`;
    return { name: `f${number}`, bytes: 30 + ((number * 37) % 90), calls: [call(3), call(11), call(29)] };
  });
  const grown = functions.map((one) => (one.name === 'f5' ? { ...one, bytes: one.bytes + 64 } : one));
  /** A program and a kernel module, each with the one that it became. */
  const pairs = [testProgram, testObject].map((make) => {
    const [old, renewed] = [make(functions), make(grown)];
    return { old, renewed, found: findRelocation(old, renewed, (position) => position)! };
  });

  test('a relocation is refused, or changes only what lies in its areas', async () => {
    await fuzzSubject({
      name: 'relocations',
      input(random) {
        const { old, found } = pairs[random(pairs.length)]!;
        const writer = createByteWriter();
        writeRelocation(writer, random(2) === 0 ? found : anyRelocation(random, old.length));
        const written = random(4) === 0 ? writer.finish() : mutateVarints(writer.finish(), random);
        return { written, base: random(2) === 0 ? mutateProgram(old, random) : old };
      },
      parse({ written, base }) {
        const relocation = readRelocation(createByteReader(written, 'a relocation'));
        const relocated = Buffer.from(base);
        relocate(relocated, relocation);
        return { relocation, relocated };
      },
      accepted({ relocation, relocated }, { base }) {
        const isInside = (place: number) =>
          relocation.areas.some(({ start, length }) => place >= start && place < start + length);
        base.forEach((byte, place) => {
          if (relocated[place] !== byte) assert.ok(isInside(place), `byte ${place} is outside`);
        });
        const writer = createByteWriter();
        writeRelocation(writer, relocation);
        assert.deepEqual(readRelocation(createByteReader(writer.finish(), 'a relocation')), relocation);
      },
      codes: /^delta-damaged$/,
      memory: ({ base }) => base.length + ownMemory,
    });
  });

  test('a file that only looks like a program leads to a relocation that can be applied, or to none', async () => {
    await fuzzSubject({
      name: 'programs',
      input(random) {
        const { old, renewed } = pairs[random(pairs.length)]!;
        const changed = mutateProgram(old, random);
        return random(3) === 0 ? { base: renewed, target: changed } : { base: changed, target: renewed };
      },
      parse: ({ base, target }) => findRelocation(base, target, (position) => position),
      accepted(relocation, { base }) {
        assert.doesNotThrow(() => readElf(base));
        if (relocation === undefined) return;
        const writer = createByteWriter();
        writeRelocation(writer, relocation);
        relocate(Buffer.from(base), readRelocation(createByteReader(writer.finish(), 'a relocation')));
      },
      share: 0.3,
    });
  });
});

/** Areas of every kind, mostly within the content, and shifts of what they lead to. */
function anyRelocation(random: Random, contentLength: number): Relocation {
  let place = 0;
  const areas = Array.from({ length: random(5) }, () => {
    const start = place + random(40);
    const length = random(Math.floor(contentLength / 4));
    place = start + length;
    return { kind: areaKinds[random(areaKinds.length)]!, start, length, address: start + random(4096) };
  });
  let address = 0;
  const shifts = Array.from({ length: random(6) }, () => {
    address += random(2000);
    return { address, shift: random(5000) - 2500 };
  });
  return { areas, shifts, end: address + random(100_000) };
}

/** Other bytes anywhere, or other numbers in the header or in the tables at the end. */
function mutateProgram(file: Buffer, random: Random): Buffer {
  if (random(2) === 0) return mutateBytes(file, random);
  const changed = Buffer.from(file);
  for (let count = 1 + random(3); count > 0; count -= 1) {
    const at =
      random(2) === 0 ? random(176) : changed.length - 4 - random(Math.min(1024, changed.length - 4));
    changed.writeUInt32LE(mutateNumber(changed.readUInt32LE(at), random) >>> 0, at);
  }
  return changed;
}
