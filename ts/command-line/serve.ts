import type * as Credentials from '../nats/credentials.js';
import type * as Nats from '../nats/index.js';

/** The options that concern the broker. */
export interface ServeCommand extends Credentials.CredentialOptions {
  readonly nats: string | undefined;
  readonly name: string;
  readonly workers: number | undefined;
}

/** Serves workers over a NATS server until a signal ends this process, or the connection ends; resolves with the exit code. */
export async function serveWorkers(script: string, { nats, name, workers, ...files }: ServeCommand): Promise<number> {
  const { serve } = require('./nats/index.cjs') as typeof Nats;
  const { readCredentials } = require('./nats/credentials.cjs') as typeof Credentials;
  const servers = nats?.split(',');
  const serving = await serve({
    script,
    name,
    connection: await readCredentials(files),
    ...(servers === undefined ? {} : { servers }),
    ...(workers === undefined ? {} : { workers }),
  });
  console.log(`serving ${serving.pids.length} workers as "${name}" (pid ${process.pid}); Ctrl+C ends them`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void serving.close());
  const error = await serving.closed;
  if (error === undefined) return 0;
  console.error(`${error.code}: ${error.message}`);
  return 1;
}
