// The script of workers whose driver is detected.
import { startWorkerServer, WorkerError } from '../index.js';
import { conformanceHandlers } from './handlers.js';
import type { ConformanceMessages } from './messages.js';

try {
  // Some cases cause errors of handlers without a requester; the log is not part of them.
  await startWorkerServer<ConformanceMessages>(conformanceHandlers, { logLevel: 'silent' });
} catch (error) {
  // One case covers that, and the host has it too.
  if (!(error instanceof WorkerError && error.code === 'ERR_SERIALIZER_MISMATCH')) throw error;
}
