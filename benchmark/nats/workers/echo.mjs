import { startWorkerServer } from 'isolated-workers';

await startWorkerServer({ echo: (payload) => payload });
