import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SatchelError } from '../base/errors.ts';
import type { DeviceReport, Report } from '../device/report.ts';
import { parseReports } from './report-schema.ts';
import { deviceReport, siteReport } from './reports.testkit.ts';

const batch = (...reports: unknown[]) => ({ satchel: 'reports', format: 1, reports });

function codeOf(value: unknown): string {
  try {
    parseReports(value);
    return 'accepted';
  } catch (error) {
    if (error instanceof SatchelError) return error.code;
    throw error;
  }
}

const hexOf = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''));
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/);
const count = fc.maxSafeNat();
const time = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2106-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => `${date.toISOString().slice(0, 19)}Z`);

/** Any report of a device, as far as it is one. */
const anyReport: fc.Arbitrary<Report> = fc
  .tuple(
    fc.record({
      id: hexOf(32),
      device: hexOf(32),
      made: time,
      sequence: count,
      event: fc.constantFrom('state', 'update', 'rollback', 'repair', 'lease-request'),
      running: fc.option(name),
      disk: fc.record({ free: count, total: count }),
      client: fc.stringMatching(/^[0-9.]{1,20}$/),
    }),
    fc.record(
      {
        serial: fc.stringMatching(/^[A-Z0-9]{1,64}$/),
        model: fc.constantFrom('XO-1.75', 'Classmate «ñandú» 2'),
        previous: fc.option(name),
        stream: name,
        via: fc.array(hexOf(16), { maxLength: 16 }),
        received: time,
        result: fc.record({
          build: name,
          result: fc.constantFrom('done', 'failed', 'cancelled'),
          bytesReceived: count,
          requests: count,
          seconds: fc.double({ min: 0, max: 1e9, noNaN: true, noDefaultInfinity: true }),
        }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([needed, more]) => ({ ...needed, ...more }) as Report);

describe('a batch of reports', () => {
  test('comes out as it went in, after JSON', () => {
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 5 }), (reports) => {
        const parsed = parseReports(JSON.parse(JSON.stringify(batch(...reports))));
        assert.equal(parsed.refused, 0);
        // The sign of zero does not survive JSON.
        assert.deepEqual(parsed.reports, JSON.parse(JSON.stringify(reports)));
      }),
    );
  });

  test('that is anything at all is taken or refused with a sentence', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        assert.equal(codeOf(value), 'report-invalid');
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }), (values) => {
        assert.equal(codeOf(batch(...values)), 'report-invalid');
      }),
    );
  });

  test('with one field turned into anything keeps what it takes within bounds', () => {
    fc.assert(
      fc.property(anyReport, fc.nat(), fc.jsonValue(), (report, at, value) => {
        const fields = Object.keys(report);
        const changed = { ...report, [fields[at % fields.length] as string]: value };
        let taken: readonly Report[];
        try {
          taken = parseReports(batch(changed)).reports;
        } catch (error) {
          assert.ok(error instanceof SatchelError && error.code === 'report-invalid');
          return;
        }
        assert.ok(JSON.stringify(taken).length < 4096);
      }),
    );
  });

  test('loses the reports that make no sense and keeps the others', () => {
    const good = deviceReport();
    const parsed = parseReports(batch({ ...good, id: '../../etc' }, good, 7, null, siteReport()));
    assert.equal(parsed.refused, 3);
    assert.equal(parsed.reports.length, 2);
  });

  test('names the field that is wrong, and nothing of what was in it', () => {
    const secret = 'x'.repeat(1_000_000);
    try {
      parseReports(batch({ ...deviceReport(), running: secret }));
      assert.fail();
    } catch (error) {
      assert.ok(error instanceof SatchelError);
      assert.deepEqual(error.parameters, { field: 'running' });
    }
  });

  test('of a newer program is told from nonsense', () => {
    assert.equal(codeOf({ ...batch(), format: 2 }), 'record-newer');
    assert.equal(codeOf({ ...batch(), format: '1' }), 'report-invalid');
    assert.equal(codeOf({ ...batch(), satchel: 'report' }), 'report-invalid');
    assert.equal(codeOf(batch()), 'accepted');
  });
});

describe('a report', () => {
  const taken = (changes: Record<string, unknown>) => codeOf(batch({ ...deviceReport(), ...changes }));

  test('may have been made at any time that has a name', () => {
    for (const made of ['1970-01-01T00:00:00Z', '2106-02-07T06:28:15Z', '9999-12-31T23:59:59Z'])
      assert.equal(taken({ made }), 'accepted', made);
    for (const made of ['2026-13-01T00:00:00Z', '2026-01-01', 'yesterday', '', 0, '+012026-01-01T00:00:00Z'])
      assert.equal(taken({ made }), 'report-invalid', String(made));
  });

  test('holds no bytes that a terminal or a page would obey', () => {
    for (const character of ['\u0000', '\u0007', '\u001b[2J', '\n', '\u202e', '\u2028', '\ud800'])
      for (const field of ['serial', 'model', 'client', 'running', 'stream'])
        assert.equal(taken({ [field]: `a${character}` }), 'report-invalid', JSON.stringify(character));
  });

  test('has numbers that can be counted with', () => {
    for (const free of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '7', null])
      assert.equal(taken({ disk: { free, total: 1 } }), 'report-invalid', String(free));
    assert.equal(taken({ sequence: Number.MAX_SAFE_INTEGER }), 'accepted');
  });

  test('with fields twice counts as its last ones say; those that nobody knows are dropped', () => {
    const text = JSON.stringify(batch(deviceReport())).replace(
      '"event":"state"',
      '"event":"nonsense","event":"state","__proto__":{"admin":true},"more":{"a":[1]}',
    );
    const [report] = parseReports(JSON.parse(text)).reports;
    assert.equal(report?.event, 'state');
    assert.deepEqual(
      Object.keys(report as DeviceReport).filter((field) => !Object.hasOwn(deviceReport(), field)),
      [],
    );
    assert.equal((report as { admin?: boolean }).admin, undefined);
  });

  test('passed at most sixteen sites', () => {
    const via = Array.from({ length: 17 }, () => 'a'.repeat(16));
    assert.equal(taken({ via }), 'report-invalid');
    assert.equal(taken({ via: via.slice(1) }), 'accepted');
  });
});
