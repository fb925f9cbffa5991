import { Extension, type Hello, names } from './hello.js';
import type { Tx } from './wire.js';

/** Who is asked: what it can do, which nobody knows before its handshake has come. */
export class Peer {
  private hello: Hello | undefined;
  /** Transactions that are to be cancelled, should it be able to. */
  private cancelled: Tx[] = [];

  /** @param tellCancelled - Tells it that nobody waits for a transaction. */
  constructor(private readonly tellCancelled: (tx: Tx) => void) {}

  onHello(hello: Hello): void {
    this.hello = hello;
    for (const tx of this.cancelled.splice(0)) this.cancel(tx);
  }

  /** It has not said that it cannot. */
  may(extension: Extension): boolean {
    return this.hello === undefined || names(this.hello, extension);
  }

  /** Nobody waits for the transaction any more. */
  cancel(tx: Tx): void {
    if (this.hello === undefined) this.cancelled.push(tx);
    else if (names(this.hello, Extension.Cancel)) this.tellCancelled(tx);
  }
}
