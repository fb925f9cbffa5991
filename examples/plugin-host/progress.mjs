// @ts-check
// The progress line: rewritten in place in a terminal; elsewhere, a line per quarter of the work.

/** @import { Run } from './run.mjs' */

export class Progress {
  #runs;
  #stream;
  #step = 0;

  /**
   * @param {readonly Run[]} runs
   * @param {NodeJS.WriteStream} stream
   */
  constructor(runs, stream) {
    this.#runs = runs;
    this.#stream = stream;
  }

  /** Call it after each file. */
  update() {
    const share = total(this.#runs, (run) => run.done) / total(this.#runs, (run) => run.paths.length);
    const step = Math.floor(share * (this.#stream.isTTY ? 100 : 4));
    if (step === this.#step) return;
    this.#step = step;

    const parts = this.#runs.map(({ plugin, done, paths }) => `${plugin.name} ${done}/${paths.length}`);
    const line = `${Math.floor(share * 100)} %`.padStart(5) + `  ${parts.join('  ')}`;
    if (!this.#stream.isTTY) this.log(line);
    // A line that wraps could not be rewritten.
    else this.#stream.write(`\r\u001B[K${line.slice(0, (this.#stream.columns || 80) - 1)}${share === 1 ? '\n' : ''}`);
  }

  /**
   * Prints a line that stays.
   *
   * @param {string} line
   */
  log(line) {
    this.#stream.write(this.#stream.isTTY ? `\r\u001B[K${line}\n` : `${line}\n`);
  }
}

/**
 * @param {readonly Run[]} runs
 * @param {(run: Run) => number} value
 */
function total(runs, value) {
  return runs.reduce((sum, run) => sum + value(run), 0);
}
