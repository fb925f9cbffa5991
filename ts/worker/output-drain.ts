import { now, setTimeout } from '../util/primordials.js';

/** How often the worker checks whether more was written, in milliseconds. */
const POLL_INTERVAL = 5;

/** Only for a pipe that Node writes to. */
interface Queue {
  readonly writableLength?: number;
  readonly destroyed?: boolean;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/**
 * Resolves when the standard output and error of this process have left it: the exit of Node does not wait for pipes.
 * Also resolves when the reader accepts nothing for this many milliseconds.
 */
export async function outputDrained(patience: number): Promise<void> {
  if (!isUsed()) return;
  let before = 0;
  let since = now();
  for (;;) {
    const size = queued(process.stdout) + queued(process.stderr);
    if (size === 0) return;
    if (size !== before) since = now();
    else if (now() - since >= patience) return;
    before = size;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
  }
}

/** A closed reader ends nothing any more. */
export function ignoreBrokenOutput(): void {
  if (!isUsed()) return;
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
}

/** Accessing a stream would create it, and load its files. */
function isUsed(): boolean {
  const { moduleLoadList = [] } = process as unknown as { moduleLoadList?: readonly string[] };
  return moduleLoadList.length === 0 || moduleLoadList.includes('NativeModule net');
}

/** A large chunk leaves in pieces, which the stream does not count. */
function queued(stream: Queue): number {
  if (stream.destroyed === true) return 0;
  const { writableLength = 0 } = stream;
  return writableLength === 0 ? 0 : writableLength + (stream['_handle']?.writeQueueSize ?? 0);
}
