import { type Hello, names } from './handshake.js';
import type { Tx } from './wires/wire.js';
import { Extension, GRANT_WINDOW } from '../protocol/generated.js';

/** The answering side: its extensions, which are unknown before its handshake. */
export class Peer {
  private hello: Hello | undefined;
  /** Transactions to cancel, if the peer supports that. */
  private cancelled: Tx[] = [];

  /** @param tellCancelled - Tells the peer that this side no longer waits for a transaction. */
  constructor(private readonly tellCancelled: (tx: Tx) => void) {}

  /** The most unanswered requests that it holds. */
  get maxOpenRequests(): number {
    const { hello } = this;
    if (hello === undefined) return GRANT_WINDOW;
    const { maxOpenRequests: most } = hello;
    return typeof most === 'number' && most >= GRANT_WINDOW ? most : Infinity;
  }

  onHello(hello: Hello): void {
    this.hello = hello;
    for (const tx of this.cancelled.splice(0)) this.cancel(tx);
  }

  /** It has not declared that it lacks this. */
  may(extension: Extension): boolean {
    return this.hello === undefined || names(this.hello, extension);
  }

  /** This side no longer waits for the transaction. */
  cancel(tx: Tx): void {
    if (this.hello === undefined) this.cancelled.push(tx);
    else if (names(this.hello, Extension.Cancel)) this.tellCancelled(tx);
  }
}
