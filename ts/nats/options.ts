import type { NodeConnectionOptions } from '@nats-io/transport-node';

import { WorkerError } from '../index.js';
import { addressesOf, splitCredentials } from './broker/addresses.js';

/** How each end of a session notices that the other one has vanished, in milliseconds. */
export interface HeartbeatOptions {
  /** The time between two signs of life. Default: 2,000. */
  readonly interval?: number;
  /** The silence after which an end gives the other one up. Default: 10,000. */
  readonly timeout?: number;
}

/** Options that a host and a serving process share. */
export interface NatsOptions {
  /**
   * The addresses of the broker, or of several servers of a cluster, such as `nats://10.0.0.1:4222`. An address may have a user and a
   * password, or a token: `nats://user:password@10.0.0.1:4222`. Default: `127.0.0.1:4222`.
   */
  readonly servers?: string | string[];
  /** Further options of the client library: TLS, token, user and password, authenticator, reconnection. */
  readonly connection?: Omit<NodeConnectionOptions, 'servers'>;
  readonly heartbeat?: HeartbeatOptions;
  /** The most bytes of one message, in either direction. Default: 256 MiB. */
  readonly maxMessageSize?: number;
  /** The first part of each subject. Host and serving process need equal prefixes. Default: `isolated-workers`. */
  readonly subjectPrefix?: string;
}

/** Checked options: each that the caller left out has its default. */
export interface Settings {
  readonly connection: NodeConnectionOptions;
  /** The broker's addresses without credentials, for error texts. */
  readonly addresses: string;
  readonly interval: number;
  /** So many silent intervals end a session. */
  readonly silentBeats: number;
  readonly maxMessageSize: number;
  readonly prefix: string;
}

const LONGEST_NAME = 200;
const MOST_MILLIS = 2 ** 31 - 1;
/** The largest message of which a frame can tell the length. */
const LARGEST = 2 ** 31 - 1;

/** Refuses an option that `known` does not list, as the library does. */
export function checkNames(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw invalid(`${where} has no option "${unknown}". It has ${known.join(', ')}.`);
}

export const natsOptions = ['servers', 'connection', 'heartbeat', 'maxMessageSize', 'subjectPrefix'] as const;

export function settingsOf(options: NatsOptions): Settings {
  const { servers, connection = {}, heartbeat = {}, maxMessageSize = 256 * 1024 * 1024, subjectPrefix } = options;
  checkNames('heartbeat', heartbeat, ['interval', 'timeout']);
  const { interval = 2000, timeout = 10_000 } = heartbeat;
  checkNumber('heartbeat.interval', interval, MOST_MILLIS);
  checkNumber('heartbeat.timeout', timeout, MOST_MILLIS);
  if (timeout < 2 * interval) {
    throw invalid(`heartbeat.timeout must be at least twice heartbeat.interval, ${2 * interval} ms, not ${timeout} ms`);
  }
  checkNumber('maxMessageSize', maxMessageSize, LARGEST);
  return {
    connection: { ...splitCredentials(servers), ...connection },
    addresses: addressesOf(servers),
    interval,
    silentBeats: Math.ceil(timeout / interval),
    maxMessageSize,
    prefix: subjectPrefix === undefined ? 'isolated-workers' : checkName('subjectPrefix', subjectPrefix),
  };
}

export function checkNumber(name: string, value: unknown, most: number): void {
  if (typeof value === 'number' && value > 0 && value <= most) return;
  throw invalid(`${name} must be a number above 0 and at most ${most}, not ${String(value)}`);
}

/** A part of a subject: the broker would take `.`, `*` and `>` for something else. */
export function checkName(option: string, name: unknown): string {
  if (typeof name === 'string' && /^[^\s.*>\p{C}]+$/u.test(name) && Buffer.byteLength(name) <= LONGEST_NAME)
    return name;
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, LONGEST_NAME)) : String(name);
  throw invalid(
    `${option} must be a name that a subject of NATS can have, not ${shown}. Use 1 to ${LONGEST_NAME} bytes without dots, ` +
      'asterisks, ">", spaces and control characters.',
  );
}

export function invalid(text: string): WorkerError {
  return new WorkerError('ERR_INVALID_OPTION', text);
}
