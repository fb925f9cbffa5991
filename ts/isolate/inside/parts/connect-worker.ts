// In place of ts/drivers/custom/connect-worker.ts: an isolate is connected from its start.

export function connectBy(): never {
  throw new Error('an isolate has its connection');
}
