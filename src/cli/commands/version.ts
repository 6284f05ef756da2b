import { programVersion } from '../../base/version.ts';
import { defineCommand } from '../command.ts';

/** `satchel version`: which Satchel this is, and what runs it. */
export const versionCommand = defineCommand({
  arguments: {},
  options: {},
  async run() {
    return {
      satchel: programVersion,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
  },
  show: (result) => [`satchel ${result.satchel} (Node.js ${result.node}, ${result.platform})`],
});
