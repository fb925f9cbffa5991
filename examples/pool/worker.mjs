// @ts-check
// The worker: one of several that share the files.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { startWorkerServer } from 'isolated-workers';
import { marked } from 'marked';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

let style = '';

/** @type {Handlers<Messages>} */
const handlers = {
  frame(frame) {
    style = frame.style;
  },

  async render({ from, to }) {
    const text = await readFile(from, 'utf8');
    const body = await marked.parse(text);
    const page = `<!doctype html>\n<meta charset="utf-8">\n<style>${style}</style>\n${body}`;
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, page);
    return { words: text.split(/\s+/).length, bytes: Buffer.byteLength(page) };
  },
};

await startWorkerServer(handlers);
