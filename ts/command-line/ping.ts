import { checkedPath, socketPathFor } from '../detached/named-sockets.js';
import { askWorker } from './detached-workers.js';

/** Tells whether a detached worker is alive; resolves with the exit code. */
export async function ping(
  name: string,
  { json, socket, timeout }: { json: boolean; socket: boolean; timeout: number },
): Promise<number> {
  const path = socket ? checkedPath(name) : socketPathFor(name);
  const { pid, state, blockedFor, millis } = await askWorker(path, timeout);
  if (json) console.log(JSON.stringify({ name, path, pid, state, blockedFor, millis }));
  else {
    const process = pid === undefined ? '' : ` (pid ${pid})`;
    const since = blockedFor === undefined ? '' : ` for ${blockedFor} ms`;
    console.log(`${name}${process}: ${state}${since}, ${millis.toFixed(1)} ms`);
  }
  return state === 'alive' ? 0 : 1;
}
