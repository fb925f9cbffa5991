import path from 'node:path';

import type { GuardOptions } from '../../addon/binding.js';
import { getNative } from '../../addon/environment.js';
import { describeSocket } from './describe-socket.js';
import {
  CHANNEL_VARIABLE,
  CONNECT_TIMEOUT_VARIABLE,
  type Identity,
  IDENTITY_VARIABLE,
  LIFELINE_VARIABLE,
  LIMITS_VARIABLE,
  SERIALIZER_VARIABLE,
  SIGNALS_VARIABLE,
  SOCKET_VARIABLE,
} from '../../addon/env-variables.js';
import { SERVER_CONNECT_TIMEOUT } from '../../protocol/generated.js';

/** Where a detached worker listens, and what it does there. */
export interface InheritedSocket {
  readonly path: string;
  readonly fd: number;
  readonly keepResults: number;
  /** Absent: one. */
  readonly maxHosts?: number;
  /** In milliseconds; absent: none. */
  readonly idleTimeout?: number;
}

/** The host's data for the worker's process, and their state. */
export interface Inheritance {
  /** The descriptor of the connection. */
  readonly channel: number;
  readonly connectTimeout: number;
  readonly serializer: string | undefined;
  readonly lifeline: { readonly fd: number; readonly killGroup: boolean } | undefined;
  readonly limits: Partial<GuardOptions>;
  /** Signals of the terminal end this process. */
  readonly takesSignals: boolean;
  readonly socket: InheritedSocket | undefined;
  /** The script that the host named; `undefined` if another program than this library is the host. */
  readonly script: string | undefined;
  /** As in `Identity`. */
  readonly chain: number;
  /** For a detached worker. */
  listener?: { leave(): void; close(): boolean } | undefined;
  /** A new connection has arrived, over the lifeline or by the listener. */
  onStream?: ((fd: number) => void) | undefined;
  /** Somebody asks for the figures of the worker; one line. */
  onReport?: (() => string) | undefined;
  onHostGone?: (() => void) | undefined;
  /** The worker begins to serve. */
  onServed?: (() => void) | undefined;
  /** One of the two has failed. */
  onWarning?: ((error: unknown) => void) | undefined;
}

/**
 * Removes the variables of a worker from the environment, so that child processes do not use them. Returns their
 * values, unless they were meant for another process: one that has the variables and not the sockets is not a worker.
 */
export function takeInheritance(): Inheritance | undefined {
  const channel = take(CHANNEL_VARIABLE);
  const lifeline = /^([^,]+)(,group)?$/.exec(take(LIFELINE_VARIABLE) ?? '');
  const socket = take(SOCKET_VARIABLE);
  const limits = take(LIMITS_VARIABLE);
  const signals = take(SIGNALS_VARIABLE);
  // Empty: it is one of the user's own.
  const serializer = take(SERIALIZER_VARIABLE) || undefined;
  const connectTimeout = Number(take(CONNECT_TIMEOUT_VARIABLE) ?? SERVER_CONNECT_TIMEOUT);
  const identity = take(IDENTITY_VARIABLE);
  if (channel === undefined || !/^(fd:\d+|pipe:.+)$/.test(channel)) return undefined;
  const whose = identity === undefined ? undefined : (parse(identity) as Identity | undefined);
  // Another program truncated or wrote an unreadable value.
  if (identity !== undefined && typeof whose?.script !== 'string') return undefined;
  if (whose !== undefined && !isMeant(whose)) return undefined;
  const fd = findEnd(channel, whose?.channel);
  if (fd === undefined) return undefined;
  const inherited = socket === undefined ? undefined : (parse(socket) as InheritedSocket | undefined);
  const life = lifeline === null ? undefined : findEnd(lifeline[1] as string, whose?.lifeline);
  return {
    channel: fd,
    connectTimeout,
    serializer,
    lifeline: life === undefined ? undefined : { fd: life, killGroup: lifeline?.[2] !== undefined },
    limits: limits === undefined ? {} : ((parse(limits) as Partial<GuardOptions> | undefined) ?? {}),
    takesSignals: signals === 'default',
    socket:
      inherited !== undefined && (inherited.fd === undefined || isSocket(inherited.fd, whose?.socket))
        ? inherited
        : undefined,
    script: whose?.script,
    chain: whose?.chain ?? 0,
  };
}

function take(name: string): string | undefined {
  const value = process.env[name];
  if (value !== undefined) delete process.env[name];
  return value;
}

function parse(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The number of an end that this process has inherited, or opens by its address; `undefined`: it is not this process's. */
function findEnd(address: string, meant: string | undefined): number | undefined {
  const fd = /^fd:(\d+)$/.exec(address)?.[1];
  if (fd !== undefined) return isSocket(Number(fd), meant) ? Number(fd) : undefined;
  try {
    return getNative().addon.NativePair.open(address);
  } catch {
    // The host is gone, or another process has been there first.
    return undefined;
  }
}

/** Whether the descriptor is the expected socket; without a description, whether the runtime does not own it. */
function isSocket(fd: number, meant: string | undefined): boolean {
  if (fd <= 2) return false;
  const found = describeSocket(fd);
  if (meant !== undefined) return found === meant;
  const { channel } = process as { channel?: { readonly fd?: number } | null };
  return found !== undefined && channel?.fd !== fd;
}

/**
 * Whether this process is the worker, and not another with these descriptors: a wrapper of the host may run other
 * programs too. A sandbox may move the folder of the script.
 */
function isMeant({ host, script }: Identity): boolean {
  return process.ppid === host || process.argv.some((argument) => path.basename(argument) === path.basename(script));
}
