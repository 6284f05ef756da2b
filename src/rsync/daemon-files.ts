import { join } from 'node:path';
import type { RsyncLayout } from './layout.ts';

/** What the daemon and Satchel keep in `run/`, besides the scripts. */
export function daemonFiles({ run }: RsyncLayout) {
  return {
    pid: join(run, 'rsyncd.pid'),
    lock: join(run, 'rsyncd.lock'),
    log: join(run, 'rsyncd.log'),
    preTransfer: join(run, 'pre-xfer.sh'),
    postTransfer: join(run, 'post-xfer.sh'),
    /** What `satchel rsync status` shows of a service that runs. */
    state: join(run, 'service.json'),
  } as const;
}
