import type { ConnectedRequester, Outcomes } from './connection.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';

/** A connected host, for calls of the worker. */
export interface HostSource {
  readonly codec: PayloadCodec;
  /** It accepts requests. */
  readonly answersCalls: boolean;
  /** Creates the requester; called once, with the first request. */
  connect(outcomes: Outcomes): ConnectedRequester;
}

/** The state of the connection to the host. Listeners receive changes. */
export class HostLink {
  source: HostSource | undefined;
  /** There has been one. */
  wasAttached = false;
  /** Runs when a host connects, and when it leaves. */
  onChange: (() => void) | undefined;

  attach(source: HostSource): void {
    this.source = source;
    this.wasAttached = true;
    this.onChange?.();
  }

  detach(): void {
    if (this.source === undefined) return;
    this.source = undefined;
    this.onChange?.();
  }
}
