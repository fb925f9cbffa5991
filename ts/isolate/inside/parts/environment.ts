// In place of ts/addon/environment.ts: an isolate does not load the addon of processes.
import { WorkerError } from '../../../errors/worker-error.js';

export function findNative(): undefined {
  return undefined;
}

export function getNative(): never {
  throw new WorkerError('ERR_UNSUPPORTED_PLATFORM', 'an isolate has no memory that processes share');
}
