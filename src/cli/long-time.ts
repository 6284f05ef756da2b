import { formatSeconds } from '../base/units.ts';

/** Seconds for people where they may be days: `3 d 04 h`, `5 h 20 min`, and what is shorter as everywhere. */
export function longTime(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours < 2) return formatSeconds(seconds);
  if (hours < 48) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
