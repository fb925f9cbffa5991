import { decodeStartupData } from '../codecs/startup-data.js';
import { serializerMismatch } from '../errors/from-native.js';
import { WorkerError } from '../errors/worker-error.js';
import { Extension, GRANT_WINDOW, PROTOCOL } from '../protocol/generated.js';
import type { NativeOptions } from '../addon/binding.js';
import { quoted } from '../util/printable.js';
import type { Serializer } from '../types/serializer.js';

/** The first message in each direction. */
export interface Handshake {
  readonly protocol: number;
  /** Absent: the driver moves values without a serializer. */
  readonly serializer?: string | undefined;
  readonly terminator?: string | undefined;
  /** The host's: its serializer is a built-in one. */
  readonly builtIn?: string | undefined;
  /** The worker's: it has named no serializer, and adopts a built-in one. */
  readonly follows?: boolean | undefined;
  /** The host's: JSON text. */
  readonly startupData?: string | undefined;
  /** The host's: the beginning of transaction ids that travel as numbers. */
  readonly idBase?: string | undefined;
  /** The host's: the longest payload of a serializer, in bytes. */
  readonly maxMessageSize?: number | undefined;
  /** How many unanswered requests this side holds; absent: any number. */
  readonly maxOpenRequests?: number | undefined;
  /** The extensions that this side understands. */
  readonly extensions?: readonly string[] | undefined;
}

const extensions = [Extension.Cancel, Extension.Streams, Extension.Calls, Extension.Ended];

export function createHandshake(
  serializer: Serializer | undefined,
  { context, maxConcurrency }: Pick<NativeOptions, 'context' | 'maxConcurrency'>,
): Handshake {
  const { name, terminator } = serializer ?? {};
  return {
    protocol: PROTOCOL,
    serializer: name,
    terminator: terminator ?? undefined,
    maxOpenRequests: maxConcurrency + GRANT_WINDOW,
    extensions: context ? [...extensions, Extension.Context] : extensions,
  };
}

export function names({ extensions: named }: Handshake, extension: Extension): boolean {
  return Array.isArray(named) && named.includes(extension);
}

/** The longest text in a handshake, except the start-up data. */
const LONGEST_TEXT = 1024;
const MOST_EXTENSIONS = 64;

/** The type of a member of a handshake, if it is present. */
const shapes: Record<Exclude<keyof Handshake, 'protocol'>, (value: unknown) => boolean> = {
  serializer: isShort,
  terminator: isShort,
  builtIn: isShort,
  idBase: isShort,
  follows: (value) => typeof value === 'boolean',
  startupData: (value) => typeof value === 'string',
  maxMessageSize: (value) => typeof value === 'number' && value > 0,
  maxOpenRequests: (value) => typeof value === 'number' && value > 0,
  extensions: (value) => Array.isArray(value) && value.length <= MOST_EXTENSIONS && value.every(isShort),
};

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}

/** The first message of the other side, as a handshake: checks it before any use. Throws if it is invalid. */
export function parseHandshake(data: unknown, side: 'host' | 'worker'): Handshake {
  try {
    return checkHandshake(data, side);
  } catch (error) {
    throw error instanceof WorkerError ? error : noHandshake(`the ${side} sent a handshake that cannot be read`);
  }
}

function checkHandshake(data: unknown, side: 'host' | 'worker'): Handshake {
  if (typeof data !== 'object' || data === null) throw noHandshake(`the ${side} sent no handshake`);
  // JSON may have `null` for absent members.
  const given = Object.entries(data).filter(([, value]) => value !== undefined && value !== null);
  const handshake = Object.fromEntries(given) as Partial<Record<keyof Handshake, unknown>>;
  const { protocol } = handshake;
  if (protocol === undefined) throw noHandshake(`the ${side} sent no handshake`);
  if (protocol !== PROTOCOL) {
    const version = typeof protocol === 'number' ? String(protocol) : `${typeof protocol} (no number)`;
    throw noHandshake(`the ${side} speaks version ${version} of the protocol, not version ${PROTOCOL}`);
  }
  for (const [name, fits] of Object.entries(shapes)) {
    const value = handshake[name as keyof Handshake];
    if (value !== undefined && !fits(value))
      throw noHandshake(`the ${side} sent a handshake whose "${name}" is malformed`);
  }
  return handshake as unknown as Handshake;
}

function noHandshake(text: string): WorkerError {
  return new WorkerError(
    'ERR_PROTOCOL_MISMATCH',
    `${text}. Install the same version of isolated-workers on both sides.`,
  );
}

/** Why the two sides do not fit; `undefined` if they do. */
export function findMismatch(ours: Handshake, theirs: Handshake): WorkerError | undefined {
  if (theirs.follows === true && ours.builtIn !== undefined) return undefined;
  if (ours.serializer === theirs.serializer && ours.terminator === theirs.terminator) return undefined;
  return serializerMismatch(
    `the host uses ${describe(ours)} and the worker uses ${describe(theirs)}`,
    'Give `createWorker` and `startWorkerServer` the same serializer.',
  );
}

function describe({ serializer, terminator }: Handshake): string {
  if (serializer === undefined) return 'no serializer';
  return (
    `the serializer ${quoted(serializer)}` +
    (terminator === undefined ? '' : ` with the terminator ${JSON.stringify(terminator)}`)
  );
}

/** The start-up data of the host. Throws if they are malformed. */
export function readStartupData({ startupData }: Handshake): unknown {
  return decodeStartupData(startupData);
}
