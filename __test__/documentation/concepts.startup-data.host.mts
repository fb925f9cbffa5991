// Core Concepts › Server-side startup data, the host's side
import { createWorker } from 'isolated-workers';

import type { Messages } from './concepts.messages.mjs';

// Host side
const worker = await createWorker<Messages>({
  script: './worker.js',
  startupData: {
    config: { apiEndpoint: 'https://api.example.com' },
    dbConnectionString: 'postgresql://localhost/mydb',
  },
});

export { worker };
