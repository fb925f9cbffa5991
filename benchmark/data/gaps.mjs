// The gaps between turns of the event loop. `monitorEventLoopDelay` counts one of three seconds once, as it does one of a
// millisecond; who is kept waiting feels it for three seconds.

export class Gaps {
  #gaps = [];
  #last = performance.now();
  #timer = setInterval(() => {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
  }, 1);

  stop() {
    clearInterval(this.#timer);
  }

  /** How long a callback that is due at any moment has to wait at most, in `share` of all moments. */
  quantile(share) {
    const total = this.#gaps.reduce((sum, gap) => sum + gap, 0);
    let [low, high] = [0, Math.max(...this.#gaps)];
    while (high - low > 0.001) {
      const middle = (low + high) / 2;
      const longer = this.#gaps.reduce((sum, gap) => sum + Math.max(0, gap - middle), 0);
      if (longer > (1 - share) * total) low = middle;
      else high = middle;
    }
    return high;
  }
}
