// @ts-check
// A bar in a terminal; elsewhere a line for each quarter of the work.

const WIDTH = 40;

export class Progress {
  #done = 0;
  #step = 0;
  #total;
  #stream;

  /**
   * @param {number} total
   * @param {NodeJS.WriteStream} stream
   */
  constructor(total, stream) {
    this.#total = total;
    this.#stream = stream;
  }

  get done() {
    return this.#done;
  }

  /** Call it after each file. */
  add() {
    const share = ++this.#done / this.#total;
    const step = Math.floor(share * (this.#stream.isTTY ? 200 : 4));
    if (step === this.#step) return;
    this.#step = step;
    const filled = Math.floor(share * WIDTH);
    const line = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${this.#done}/${this.#total}`;
    if (this.#stream.isTTY) this.#stream.write(`\r\u001B[K${line}${share === 1 ? '\n' : ''}`);
    else this.#stream.write(`${line}\n`);
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
