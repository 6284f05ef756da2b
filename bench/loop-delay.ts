/** Loaded into a server by `--import`: writes the longest delays of its event loop, in milliseconds, when it ends. */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const file = process.env.SATCHEL_BENCH_LOOP_DELAY;
const resolution = 1;
if (file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution });
  // What starting takes is nobody's wait.
  const started = setTimeout(() => delays.enable(), 3000);
  started.unref();
  process.on('exit', () => {
    delays.disable();
    const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e4) / 100;
    const { max, percentiles } = delays;
    writeFileSync(
      file,
      JSON.stringify({ max: ms(max), p99: ms(percentiles.get(99.21875) ?? delays.percentile(99)) }),
    );
  });
}
