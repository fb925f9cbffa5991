// The script of workers whose driver is found without being named.
import { startWorkerServer } from '../index.js';
import { conformanceHandlers } from './handlers.js';
import type { ConformanceMessages } from './messages.js';

// Some cases are about handlers that fail where nobody is told; the log is no part of them.
await startWorkerServer<ConformanceMessages>(conformanceHandlers, { logLevel: 'silent' });
