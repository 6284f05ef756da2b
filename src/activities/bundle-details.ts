import type { BundleInfo } from '../repository/bundle-record.ts';
import { type BundleDetails, longestIcon } from '../repository/group-record.ts';

/** What people are shown of a bundle; a picture that is no SVG becomes a `data:` address. */
export function describeToPeople(info: BundleInfo, icon: Uint8Array | undefined): BundleDetails {
  const { id, version, names, summary, license } = info;
  const picture = icon === undefined ? undefined : pictureOf(info.icon ?? '', icon);
  return {
    ...{ id, version, names },
    ...(summary === undefined ? {} : { summary }),
    ...(license === undefined ? {} : { license }),
    ...(picture === undefined ? {} : { icon: picture }),
  };
}

function pictureOf(path: string, bytes: Uint8Array): string | undefined {
  const content = Buffer.from(bytes);
  const picture = path.endsWith('.svg')
    ? content.toString('utf8')
    : path.endsWith('.png')
      ? `data:image/png;base64,${content.toString('base64')}`
      : undefined;
  return picture !== undefined && picture.length <= longestIcon ? picture : undefined;
}
