import { type Handshake, names } from './handshake.js';
import type { Tx } from './wires/wire.js';
import { Extension, GRANT_WINDOW } from '../protocol/generated.js';

/** The answering side: its extensions, which are unknown before its handshake. */
export class Peer {
  private handshake: Handshake | undefined;
  /** Transactions to cancel, if the peer supports that. */
  private cancelled: Tx[] = [];

  /** @param reportCancelled - Tells the peer that this side no longer waits for a transaction. */
  constructor(private readonly reportCancelled: (tx: Tx) => void) {}

  /** The most unanswered requests that it holds. */
  get maxOpenRequests(): number {
    const { handshake } = this;
    if (handshake === undefined) return GRANT_WINDOW;
    const { maxOpenRequests: most } = handshake;
    return typeof most === 'number' && most >= GRANT_WINDOW ? most : Infinity;
  }

  onHandshake(handshake: Handshake): void {
    this.handshake = handshake;
    for (const tx of this.cancelled.splice(0)) this.cancel(tx);
  }

  /** Its handshake has arrived. */
  get isKnown(): boolean {
    return this.handshake !== undefined;
  }

  /** It has not declared that it lacks this. */
  may(extension: Extension): boolean {
    return this.handshake === undefined || names(this.handshake, extension);
  }

  /** This side no longer waits for the transaction. */
  cancel(tx: Tx): void {
    if (this.handshake === undefined) this.cancelled.push(tx);
    else if (names(this.handshake, Extension.Cancel)) this.reportCancelled(tx);
  }
}
