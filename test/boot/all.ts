/** `npm run test:boot`: real machines, one after the other, boot what Satchel installs, by the loaders on their disks. */
import './kinds.ts';
import './seal.ts';
import './small-disk.ts';
import './story.ts';
import { after } from 'node:test';
import { closeSharedWorld } from './world.ts';

after(closeSharedWorld);
