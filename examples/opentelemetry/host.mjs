// @ts-check
// The host: two requests, each with a trace of its own, and what became of them in both processes.
import { createWorker } from 'isolated-workers';

import { finishedSpans, traced, traces } from './tracing.mjs';

/** @import { ChildProcessDriver, WorkerClient } from 'isolated-workers' */
/** @import { HostMessages, Messages } from './messages.mjs' */
/** @import { Finished } from './tracing.mjs' */

/** @type {WorkerClient<Messages, ChildProcessDriver, HostMessages>} */
const worker = await createWorker({
  script: new URL('./worker.mjs', import.meta.url),
  context: traces,
  handlers: {
    load: (/** @type {{ image: string }} */ { image }) => traced('host: load', () => `pixels of ${image}`),
  },
});

// At the same time: the spans of one do not mix with those of the other.
await Promise.all(
  ['cat.png', 'dog.png'].map((image) => traced(`host: GET /${image}`, () => worker.send('resize', { image }))),
);

const spans = [...finishedSpans(), ...(await worker.send('spans'))];
await worker.close();
for (const root of spans.filter(({ parent }) => parent === undefined)) print(root, '');

/**
 * @param {Finished} span
 * @param {string} indent
 */
function print(span, indent) {
  console.log(`${indent}${span.name}`);
  const children = spans.filter(({ parent, trace }) => parent === span.id && trace === span.trace);
  for (const child of children) print(child, `${indent}  `);
}
