import { isMainThread } from '../util/is-main-thread.js';

import { CHANNEL_VARIABLE } from '../addon/env-variables.js';
import type * as ProcessChannels from './channels/process.js';
import { shared } from './shared-state.js';
import type * as ThreadChannels from './channels/thread.js';
import type { WorkerChannel } from './worker-channel.js';

/** Takes what whoever started this program has left for it; once, when the first copy of the package is loaded. */
export function openInherited(): void {
  if (!isMainThread) shared.thread ??= threadChannels().takeThread();
  else if (process.env[CHANNEL_VARIABLE] !== undefined) processChannels().inheritProcess(shared);
}

/** The connection to the host; `undefined` in a program that is no worker. */
export function getWorkerChannel(): WorkerChannel | undefined {
  for (const find of shared.inProcess) {
    const found = find();
    if (found !== undefined) return found;
  }
  return (shared.channel ??= openChannel()) ?? shared.adopted;
}

function openChannel(): WorkerChannel | undefined {
  if (shared.thread !== undefined) return threadChannels().openThreadChannel(shared.thread);
  return shared.process === undefined ? undefined : processChannels().openProcessChannel(shared.process);
}

/** The connection that a user's driver has made. */
export function adoptWorkerChannel(channel: WorkerChannel): void {
  shared.adopted = channel;
}

/** Workers in this very thread: `find` gives the one that is asking. */
export function findInProcess(find: () => WorkerChannel | undefined): void {
  shared.inProcess.push(find);
}

/** Only threads need it, so it is a file of its own that they load. */
function threadChannels(): typeof ThreadChannels {
  return require('./thread.cjs') as typeof ThreadChannels;
}

/** The same for workers in processes. */
function processChannels(): typeof ProcessChannels {
  return require('./process.cjs') as typeof ProcessChannels;
}
