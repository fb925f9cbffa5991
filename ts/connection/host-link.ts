import type { ConnectedRequester, Outcomes } from './connection.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';

/** A connected host, for calls of the worker. */
export interface HostSource {
  readonly codec: PayloadCodec;
  /** It accepts requests. */
  readonly answersCalls: boolean;
  /** Its process id, if the kernel tells it. */
  readonly pid?: number | undefined;
  /** Creates the requester; called once, with the first request. */
  connect(outcomes: Outcomes): ConnectedRequester;
}

/** Sends notifications; one of several hosts. */
export interface PostTarget {
  post(type: string, payload?: unknown, options?: object): void;
}

/** Learns of the hosts that come and go. */
export interface HostWatch {
  attached(source: HostSource): void;
  detached(): void;
}

/** The state of the connection to the host. Listeners receive changes. */
export class HostLink {
  source: HostSource | undefined;
  /** The hosts of a worker that may have several, each with a link of its own; this one has no source. */
  several: (() => readonly PostTarget[]) | undefined;
  watch: HostWatch | undefined;
  /** There has been one. */
  wasAttached = false;
  /** Runs when a host connects, and when it leaves. */
  onChange: (() => void) | undefined;

  attach(source: HostSource): void {
    this.source = source;
    this.wasAttached = true;
    this.watch?.attached(source);
    this.onChange?.();
  }

  /** One of several hosts has connected. */
  open(): void {
    if (this.wasAttached) return;
    this.wasAttached = true;
    this.onChange?.();
  }

  detach(): void {
    if (this.source === undefined) return;
    this.source = undefined;
    this.watch?.detached();
    this.onChange?.();
  }
}
