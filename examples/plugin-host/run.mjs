// @ts-check
// One plugin's work: a request per file, many of them in flight.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** @import { Counts } from './messages.mjs' */
/** @import { PluginWorker } from './plugin-worker.mjs' */

/**
 * @typedef {object} Failure
 * @property {string} path
 * @property {Error} error What the plugin threw on this file.
 */

const maxInFlight = 32;

export class Run {
  /** How many files are done, those that failed included. */
  done = 0;
  /** How long it took, in milliseconds. */
  ms = 0;
  /** What the plugin found in all files together. @type {Counts} */
  counts = {};
  /** @type {Failure[]} */
  failures = [];

  /**
   * @param {PluginWorker} plugin
   * @param {readonly string[]} paths The plugin gets those of them that it takes.
   */
  constructor(plugin, paths) {
    this.plugin = plugin;
    const { takes } = plugin.facts;
    this.paths = paths.filter((file) => takes.includes(path.extname(file)) || takes.includes(file));
  }

  /**
   * @param {string} root
   * @param {(run: Run) => void} onProgress Called after each file.
   */
  async start(root, onProgress) {
    const started = performance.now();
    const waiting = this.paths.values();
    // They share one iterator, so each takes the next file as soon as it is done with its last one.
    const lanes = Array.from({ length: maxInFlight }, async () => {
      for (const file of waiting) {
        const text = await readFile(path.join(root, file), 'utf8');
        await this.#process(file, text);
        this.done += 1;
        onProgress(this);
      }
    });
    await Promise.all(lanes);
    this.ms = performance.now() - started;
  }

  /**
   * @param {string} file
   * @param {string} text
   */
  async #process(file, text) {
    try {
      const counts = await this.plugin.processFile({ path: file, text });
      for (const [name, number] of Object.entries(counts)) this.counts[name] = (this.counts[name] ?? 0) + number;
    } catch (error) {
      this.failures.push({ path: file, error: /** @type {Error} */ (error) });
    }
  }
}
