import { parentPort, workerData } from 'node:worker_threads';

enum Step {
  One = 1,
}
parentPort?.postMessage([process.pid, (workerData as number) + Step.One]);
