import path from 'node:path';

import { AttachedChannel, knock } from './drivers/attached-channel.js';
import { ChildProcessDriver } from './drivers/child-process.js';
import { invalidOption } from './errors.js';
import { checkedPath, readToken, socketPathFor } from './named-sockets.js';
import { buildWorker } from './build-worker.js';
import type { AttachOptions } from './types/attach-options.js';
import type { Worker } from './worker.js';

/** What `attachWorker` does. */
export async function attach(options: AttachOptions): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  const { name, socketPath, takeOver = false } = options;
  if (socketPath === undefined && (typeof name !== 'string' || name === '')) {
    throw invalidOption('name', 'the name of a detached worker, or socketPath its path', name);
  }
  const file = socketPath === undefined ? socketPathFor(name) : checkedPath(socketPath);
  const socket = { path: file, token: readToken(file) };
  return buildWorker(new ChildProcessDriver(), name ?? path.basename(file), options, async () => {
    return new AttachedChannel(socket, await knock(socket, takeOver));
  });
}
