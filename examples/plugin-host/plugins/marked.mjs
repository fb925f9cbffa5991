// @ts-check
// Renders Markdown.
import { createRequire } from 'node:module';
import { Marked } from 'marked';

/** @import { Plugin } from './plugin.mjs' */

/** @type {Plugin} */
export const plugin = {
  version: createRequire(import.meta.url)('marked/package.json').version,
  takes: ['.md'],

  async processFile({ text }) {
    const counts = { headings: 0, 'code blocks': 0, links: 0 };
    const marked = new Marked({
      walkTokens({ type }) {
        if (type === 'heading') counts.headings += 1;
        if (type === 'code') counts['code blocks'] += 1;
        if (type === 'link') counts.links += 1;
      },
    });
    const html = await marked.parse(text);
    return { ...counts, 'HTML bytes': Buffer.byteLength(html) };
  },
};
