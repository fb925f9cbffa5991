import type { ConnectedRequester, Outcomes } from './connection.js';
import type { PayloadCodec } from './payload-codec.js';

/** A host that is connected, as who asks it something needs it. */
export interface HostSource {
  readonly codec: PayloadCodec;
  /** It takes requests. */
  readonly answersCalls: boolean;
  /** Makes what sends requests to it; called once, with the first. */
  connect(outcomes: Outcomes): ConnectedRequester;
}

/** Whether a worker has a host. Who asks it is told. */
export class HostLink {
  source: HostSource | undefined;
  /** There has been one. */
  wasAttached = false;
  /** Called when there is one, and when it has left. */
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
