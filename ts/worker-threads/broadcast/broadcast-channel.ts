import { original } from '../originals.js';
import { closeRelay, openRelay } from './relay.js';

/** Node's own, of this process, which workers in other processes hear too. */
export class BroadcastChannel extends original.BroadcastChannel {
  #isOpen = true;

  constructor(...args: [name: string]) {
    // Node tells a name that is `undefined` from one that is missing.
    super(...args);
    openRelay(this.name);
  }

  override close(): void {
    super.close();
    if (this.#isOpen) closeRelay(this.name);
    this.#isOpen = false;
  }
}
