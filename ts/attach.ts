import path from 'node:path';

import { AttachedChannel } from './drivers/attached-channel.js';
import { ChildProcessDriver } from './drivers/child-process.js';
import { invalidOption } from './errors.js';
import { checkedPath, readToken, socketPathFor } from './named-sockets.js';
import { buildWorker, type ConnectionSettings } from './build-worker.js';
import type { AttachOptions } from './types/attach-options.js';
import type { Worker } from './worker.js';

/** What `attachWorker` does. */
export async function attach(options: AttachOptions): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  const { name, socketPath, takeOver = false } = options;
  if (socketPath === undefined && (typeof name !== 'string' || name === '')) {
    throw invalidOption('name', 'the name of a detached worker, or socketPath its path', name);
  }
  if (typeof takeOver !== 'boolean') throw invalidOption('takeOver', 'true or false', takeOver);
  if (name !== undefined && typeof name !== 'string') throw invalidOption('name', 'a string', name);
  const file = socketPath === undefined ? socketPathFor(name) : checkedPath(socketPath);
  const settings = options as unknown as ConnectionSettings;
  return buildWorker(new ChildProcessDriver(), name ?? path.basename(file), settings, ({ startupTimeout }) =>
    AttachedChannel.open({ path: file, token: readToken(file) }, takeOver, startupTimeout),
  );
}
