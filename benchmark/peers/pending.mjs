// The promise-per-request layer that every hand-written peer needs: an id goes out, the promise waits under it.

export class Pending {
  #requests = new Map();
  #lastId = 0;

  /** Registers a request; `send` gets its id. */
  request(send) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      send(id);
    });
  }

  settle(id, payload) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    request.resolve(payload);
  }

  failAll(error) {
    for (const { reject } of this.#requests.values()) reject(error);
    this.#requests.clear();
  }
}
