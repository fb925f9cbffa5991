// Drivers › Worker-side detection
import type { Messages } from './drivers.messages.mjs';

// worker.ts - works with any driver!
import { startWorkerServer, type Handlers } from 'isolated-workers';

const handlers: Handlers<Messages> = {
  myMessage: async (payload) => {
    payload satisfies { input: string };
    return { result: 'ok' };
  },
};

// Automatically uses ChildProcessServer or WorkerThreadsServer
await startWorkerServer(handlers);
