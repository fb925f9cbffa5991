// In place of ts/worker/find-channel.ts: an isolate has one connection.
import type { WorkerChannel } from '../../../worker/worker-channel.js';

let channel: WorkerChannel | undefined;

export function getWorkerChannel(): WorkerChannel | undefined {
  return channel;
}

export function adoptWorkerChannel(adopted: WorkerChannel): void {
  channel = adopted;
}
