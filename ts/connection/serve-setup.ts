import type { NativeOptions } from '../addon/binding.js';
import type { SerializerValue } from '../types/serializer.js';
import type { Log } from '../logging/logger.js';
import type { Answerer, Answers } from './answerer.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { HostLink } from './host-link.js';

/** What a worker server is made of. */
export interface ServeSetup {
  readonly options: NativeOptions;
  /** As the user gave it, or as the channel told of the host's. */
  readonly serializer: SerializerValue | undefined;
  readonly names: readonly string[];
  readonly log: Log;
  readonly limiter: ConcurrencyLimiter;
  /** What the worker asks its host with. To be told when there is a host that fits, and when it has left. */
  readonly host: HostLink;
  /** For one of several hosts at once: with a client and a queue of its own. */
  forHost(): ServeSetup;
  createDispatcher<Call>(answers: Answers<Call>): Answerer<Call>;
  /** The host asks this worker to stop; or a detached worker ends by itself. */
  onCloseAsked(): void;
  /** Called when the last handler has ended. */
  watchIdle(onIdle: () => void): void;
  /** One line of JSON with what `top` shows of the calls; from now on their durations are measured for a while. */
  report(): string;
  /** Whether a handler runs, or a message waits for one. */
  hasWork(): boolean;
  /** The connection has ended; the host may connect again. */
  onDisconnected(): void;
  /** The host's handshake was read and fits; called each time, before anything that came behind it is handled. */
  onConnected(): void;
  /** Resolves when no notification is being handled, nor a request whose outcome somebody waits for. */
  settled(): Promise<void>;
  /** The host is gone, however that came. */
  onHostGone(): void;
}
