import type * as Nats from '../nats/index.js';

/** Serves workers over a NATS server until a signal ends this process, or the connection ends; resolves with the exit code. */
export async function serveWorkers(
  script: string,
  { nats, name, workers }: { nats: string | undefined; name: string; workers: number | undefined },
): Promise<number> {
  const { serve } = require('./nats/index.cjs') as typeof Nats;
  const servers = nats?.split(',');
  const serving = await serve({
    script,
    name,
    ...(servers === undefined ? {} : { servers }),
    ...(workers === undefined ? {} : { workers }),
  });
  console.log(`serving ${serving.pids.length} workers as "${name}" (pid ${process.pid}); Ctrl+C ends them`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void serving.close());
  const error = await serving.closed;
  if (error === undefined) return 0;
  console.error(`the connection to the NATS server has ended: ${error.message}`);
  return 1;
}
