import { isLaptopTime, isSerial, type LaptopTime, type Serial } from './laptop.ts';

/** What a laptop asks at port 191 (facts, section 7.7). */
export type ActivationRequest =
  | { readonly kind: 'lease'; readonly serial: Serial }
  /** Its clock was turned back: what the clock says, and how often the laptop has kept its time so far. */
  | {
      readonly kind: 'clock-reset';
      readonly serial: Serial;
      readonly current: LaptopTime;
      readonly count: number;
    };

/** More bytes than this no request has. */
export const longestRequest = 128;

const resetPattern = /^rtcreset (\S{11}) (\S{16}) (\d{1,10})$/;

/**
 * Reads a request: a serial number, or `rtcreset <serial> <current> <count>`. It ends where the laptop stops sending;
 * a line feed at its end is forgiven. Undefined for anything else.
 */
export function parseActivationRequest(text: string): ActivationRequest | undefined {
  const request = text.replace(/\r?\n$/, '');
  if (isSerial(request)) return { kind: 'lease', serial: request };
  const [, serial = '', current = '', count = ''] = resetPattern.exec(request) ?? [];
  if (!isSerial(serial) || !isLaptopTime(current)) return undefined;
  return { kind: 'clock-reset', serial, current, count: Number(count) };
}
