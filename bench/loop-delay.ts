/**
 * Loaded into a server by `--import`: writes when it ends, in milliseconds, how long its event loop was kept from anything
 * else: by the clock, in which other processes count too, and by the CPU time that its own thread took meanwhile.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** What is written. */
export type LoopDelays = { readonly max: number; readonly p99: number; readonly cpu: number };

const file = process.env.SATCHEL_BENCH_LOOP_DELAY;
if (file !== undefined && isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let longest = 0;
  let before = process.threadCpuUsage();
  const look = () => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    longest = Math.max(longest, user + system);
  };
  // What starting takes is nobody's wait.
  setTimeout(() => {
    delays.enable();
    before = process.threadCpuUsage();
    setInterval(look, 1).unref();
  }, 3000).unref();
  process.on('exit', () => {
    delays.disable();
    const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e4) / 100;
    const written: LoopDelays = {
      max: ms(delays.max),
      p99: ms(delays.percentile(99)),
      cpu: Math.round(longest / 10) / 100,
    };
    writeFileSync(file, JSON.stringify(written));
  });
}
