import { WorkerError } from '../errors.js';
import type { Serializer } from '../types/serializer.js';

const PROTOCOL = 1;

/** The first message each way. */
export interface Hello {
  readonly protocol: number;
  /** Absent: values travel as the driver moves them. */
  readonly serializer?: string | undefined;
  readonly terminator?: string | undefined;
  /** The host's: its serializer is one of the library's own. */
  readonly builtIn?: string | undefined;
  /** The worker's: it has named no serializer, and takes one of the library's own. */
  readonly follows?: boolean | undefined;
  /** The host's: JSON text. */
  readonly startupData?: string | undefined;
  /** The host's: what the transaction ids begin with that are given by number. */
  readonly idBase?: string | undefined;
  /** The host's: the longest payload in bytes, where a serializer makes them. */
  readonly maxMessageSize?: number | undefined;
  /** What this side can do beyond requests and their outcomes. */
  readonly extensions?: readonly string[] | undefined;
}

/** What a side may name as its extensions. */
export const enum Extension {
  /** It heeds cancellations. */
  Cancel = 'cancel',
  /** It takes requests with chunks. */
  Streams = 'streams',
  /** A host: it takes requests. */
  Calls = 'calls',
  /** It takes what goes along with messages. */
  Context = 'context',
}

const extensions = [Extension.Cancel, Extension.Streams, Extension.Calls];

export function createHello(serializer: Serializer | undefined, context: boolean): Hello {
  const { name, terminator } = serializer ?? {};
  return {
    protocol: PROTOCOL,
    serializer: name,
    terminator: terminator ?? undefined,
    extensions: context ? [...extensions, Extension.Context] : extensions,
  };
}

export function names({ extensions: named }: Hello, extension: Extension): boolean {
  return Array.isArray(named) && named.includes(extension);
}

/** Why the two cannot talk; `undefined` if they can. */
export function findMismatch(host: unknown, worker: unknown): WorkerError | undefined {
  for (const [side, hello] of [
    ['host', host],
    ['worker', worker],
  ] as const) {
    const { protocol } = (hello ?? {}) as Partial<Hello>;
    if (protocol === PROTOCOL) continue;
    const text = protocol === undefined ? 'sent no handshake' : `speaks version ${String(protocol)} of the protocol`;
    return new WorkerError(
      'ERR_PROTOCOL_MISMATCH',
      `the ${side} ${text}, not version ${PROTOCOL}. Install the same version of isolated-workers on both sides.`,
    );
  }
  const [ours, theirs] = [host as Hello, worker as Hello];
  if (theirs.follows === true && ours.builtIn !== undefined) return undefined;
  if (ours.serializer === theirs.serializer && ours.terminator === theirs.terminator) return undefined;
  return new WorkerError(
    'ERR_SERIALIZER_MISMATCH',
    `the host uses ${describe(ours)} and the worker uses ${describe(theirs)}. Give \`createWorker\` and ` +
      '`startWorkerServer` the same serializer.',
  );
}

function describe({ serializer, terminator }: Hello): string {
  if (serializer === undefined) return 'no serializer';
  return (
    `the serializer "${serializer}"` +
    (terminator === undefined ? '' : ` with the terminator ${JSON.stringify(terminator)}`)
  );
}
