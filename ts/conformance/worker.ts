// The script of workers whose driver is found without being named.
import { startWorkerServer, WorkerError } from '../index.js';
import { conformanceHandlers } from './handlers.js';
import type { ConformanceMessages } from './messages.js';

try {
  // Some cases are about handlers that fail where nobody is told; the log is no part of them.
  await startWorkerServer<ConformanceMessages>(conformanceHandlers, { logLevel: 'silent' });
} catch (error) {
  // One case is about that, and the host has it, too.
  if (!(error instanceof WorkerError && error.code === 'ERR_SERIALIZER_MISMATCH')) throw error;
}
