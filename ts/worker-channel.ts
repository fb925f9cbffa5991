import { isMainThread } from 'node:worker_threads';

import type { Answerer, Answers } from './answers.js';
import type { HostLink } from './host-link.js';
import type { Log } from './logger.js';
import type { NativeOptions } from './native/binding.js';
import { CHANNEL_VARIABLE } from './native/variables.js';
import { processPart } from './parts.js';
import { openThreadChannel } from './values/thread-worker-channel.js';
import type { Turns } from './turns.js';
import type { RemoteErrorPayload } from './types/message.js';
import type { SerializerValue } from './types/serializer.js';

/** What a worker server is made of. */
export interface ServeSetup {
  readonly options: NativeOptions;
  /** As the user gave it, or as the channel told of the host's. */
  readonly serializer: SerializerValue | undefined;
  readonly names: readonly string[];
  readonly log: Log;
  readonly turns: Turns;
  /** What the worker asks its host with. To be told when there is a host that fits, and when it has left. */
  readonly host: HostLink;
  createDispatcher<Call>(answers: Answers<Call>): Answerer<Call>;
  /** The host asks this worker to stop. */
  onCloseAsked(): void;
  /** The connection has ended; the host may connect again. */
  onDisconnected(): void;
  /** The host's handshake was read and fits; called each time, before anything that came behind it is handled. */
  onConnected(): void;
  /** The host is gone, however that came. */
  onHostGone(): void;
}

/** The connection of a worker to its host, as whatever started the worker left it. */
export interface WorkerChannel {
  /** The driver that started this worker. */
  readonly driver: string;
  /** How long to wait for the host's handshake, in milliseconds, unless the worker says otherwise. */
  readonly connectTimeout: number;
  /**
   * The worker has its thread to itself: it may keep its event loop alive, and the end of that, or an error that nobody
   * catches, is its own.
   */
  readonly isAlone: boolean;
  /** `false`: its host has left, and may come again. Absent where `ServeSetup.onDisconnected` tells that. */
  readonly isConnected?: boolean;
  /** The host's serializer, where it is one of the library's own and was told at the start. */
  readonly hostSerializer?: string | undefined;
  /** Blocks until they are there; they are decoded once. */
  startupData(): unknown;
  /** Starts to serve. Resolves when the host's handshake was read and fits; rejects with why not. */
  serve(setup: ServeSetup): Promise<void>;
  /** Tells the host the error that is about to end this worker. */
  tellFatal(error: RemoteErrorPayload): void;
  /** Writes the answers given so far, blocking for a bounded time; also while the worker exits. */
  flush(): void;
  /** Resolves when the worker can end without a loss. */
  close(): void | Promise<void>;
  /** Ends the worker itself, where that is not more than the worker. */
  exit(): void;
}

let inherited: WorkerChannel | undefined;
let adopted: WorkerChannel | undefined;
let inProcess: (() => WorkerChannel | undefined) | undefined;

/** Takes what whoever started this program has left for it; once, when the package is loaded. */
export function openInherited(): void {
  if (!isMainThread) inherited = openThreadChannel();
  else if (process.env[CHANNEL_VARIABLE] !== undefined) inherited = processPart().openProcessChannel();
}

/** The connection to the host; `undefined` in a program that is no worker. */
export function getWorkerChannel(): WorkerChannel | undefined {
  return inProcess?.() ?? inherited ?? adopted;
}

/** The connection that a user's driver has made. */
export function adoptWorkerChannel(channel: WorkerChannel): void {
  adopted = channel;
}

/** Workers in this very thread: `find` gives the one that is asking. */
export function findInProcess(find: () => WorkerChannel | undefined): void {
  inProcess = find;
}
