// @ts-check
// The worker: its spans have those of its callers as parents, and so have the spans of what it asks its host.
import { startWorkerServer } from 'isolated-workers';

import { finishedSpans, traced, traces } from './tracing.mjs';

/** @import { Handlers } from 'isolated-workers' */
/** @import { HostMessages, Messages } from './messages.mjs' */

/** @type {Handlers<Messages, HostMessages>} */
const handlers = {
  resize: ({ image }, { host }) =>
    traced('worker: resize', async () => {
      const pixels = await host.send('load', { image });
      return traced('worker: scale', () => ({ thumbnail: pixels.slice(0, 3) }));
    }),
  spans: () => finishedSpans(),
};

await startWorkerServer(handlers, { context: traces });
