import path from 'node:path';

import { AttachedChannel } from './drivers/attached-channel.js';
import { ChildProcessDriver } from './drivers/child-process.js';
import { invalidOption, WorkerError } from './errors.js';
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
  const connect = (serializer: ConnectionSettings['serializer']) =>
    buildWorker(
      new ChildProcessDriver(),
      name ?? path.basename(file),
      { ...settings, serializer },
      ({ startupTimeout }) => AttachedChannel.open({ path: file, token: readToken(file) }, takeOver, startupTimeout),
    );
  return connectBy(connect, settings.serializer).catch((error: unknown) => {
    throw isMismatch(error) ? explained(error, file) : error;
  });
}

/** A host that names no serializer takes the worker's. Which one that is, the worker tells only by refusing another. */
async function connectBy(
  connect: (serializer: ConnectionSettings['serializer']) => Promise<Worker>,
  serializer: ConnectionSettings['serializer'],
): Promise<Worker> {
  try {
    return await connect(serializer);
  } catch (error) {
    if (serializer !== undefined || !isMismatch(error)) throw error;
    return connect('structured').catch((second: unknown) => {
      throw isMismatch(second) ? error : second;
    });
  }
}

function isMismatch(error: unknown): error is WorkerError {
  return error instanceof WorkerError && error.code === 'ERR_SERIALIZER_MISMATCH';
}

/** With what can be done here. */
function explained(cause: WorkerError, file: string): WorkerError {
  const [both] = cause.message.split('. Give ');
  const text = `cannot attach to the worker at ${file}: ${both}. Give \`attachWorker\` the worker's serializer.`;
  return new WorkerError(cause.code, text, { cause });
}
