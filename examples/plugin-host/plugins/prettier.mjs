// @ts-check
// Formats code and prose, and counts the files that it would change.
import { fileURLToPath } from 'node:url';
import { format, resolveConfig, version } from 'prettier';

/** @import { Plugin } from './plugin.mjs' */

const style = await resolveConfig(fileURLToPath(import.meta.url));

/**
 * Wrong on purpose: a license is no JSON. It is the one file that makes this plugin throw.
 *
 * @type {Record<string, string>}
 */
const parsers = { LICENSE: 'json' };

/** @type {Plugin} */
export const plugin = {
  version,
  takes: ['.md', '.json', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', 'LICENSE'],

  async processFile({ path, text }) {
    const formatted = await format(text, { ...style, filepath: path, parser: parsers[path] });
    return { lines: formatted.split('\n').length - 1, 'files to change': formatted === text ? 0 : 1 };
  },
};
