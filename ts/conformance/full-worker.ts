// The script of workers with validators and a context, whose driver is detected.
import { startWorkerServer } from '../index.js';
import { conformanceServer } from './server.js';

await startWorkerServer({ ...conformanceServer, logLevel: 'silent' });
