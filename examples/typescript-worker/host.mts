// The host: names `worker.mjs`, which is right before and after compilation.
import { createWorker } from 'isolated-workers';

import type { Messages } from './messages.mjs';

const worker = await createWorker<Messages>({ script: new URL('./worker.mjs', import.meta.url) });
console.log((await worker.send('area', { width: 2, height: 3 })).area);
await worker.close();
