// @ts-check
import { startWorkerServer } from 'isolated-workers';
import { marked } from 'marked';

/** @import { Handlers } from 'isolated-workers' */
/** @import { RenderMessages } from './messages.mjs' */

/** @type {Handlers<RenderMessages>} */
const handlers = {
  render: ({ markdown }) => marked.parse(markdown, { async: false }),
};

await startWorkerServer(handlers);
