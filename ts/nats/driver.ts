import { type Driver, type DriverCapabilities, type DriverChannel, WorkerError } from '../index.js';
import { now, setTimeout } from '../util/primordials.js';
import type { Broker } from './broker/broker.js';
import { refusalIn } from './broker/errors.js';
import { SharedBroker } from './broker/shared-broker.js';
import { HostEnd } from './host-end.js';
import {
  checkName,
  checkNames,
  checkNumber,
  natsOptions,
  type NatsOptions,
  type Settings,
  settingsOf,
} from './options.js';
import { type Claim, isSession, offerSubject, VERSION } from './subjects.js';

export interface NatsDriverOptions extends NatsOptions {
  /** How long a start waits until a worker of the name is free, in milliseconds. Default: 5,000. */
  readonly waitForWorker?: number;
}

export interface NatsCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: false;
  sync?: false;
}

/** The host's end of a session; the process id is that of the worker on its machine. */
export type NatsChannel = DriverChannel & { readonly pid: number };

/** The pause before a host asks again, in milliseconds: it doubles up to the second. */
const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 500;
/** How long one request for a worker may take, in milliseconds. */
const CLAIM_TIMEOUT = 2000;

/**
 * Uses workers that other processes, on this machine or another one, offer over a NATS server. The `script` of `createWorker`
 * is the name under which `serve` offers them.
 *
 * @example
 * ```ts
 * const driver = new NatsDriver({ servers: 'nats://10.0.0.1:4222' });
 * const worker = await createWorker({ script: 'resize', driver });
 * ```
 */
export class NatsDriver implements Driver<NatsCapabilities, object> {
  readonly name = 'nats';
  readonly capabilities: NatsCapabilities = { reconnect: false, detach: false, sharedMemory: false };
  readonly #settings: Settings;
  readonly #shared: SharedBroker;
  readonly #patience: number;

  /** @throws `ERR_INVALID_OPTION`. */
  constructor(options: NatsDriverOptions = {}) {
    checkNames('NatsDriver', options, [...natsOptions, 'waitForWorker']);
    const { waitForWorker = 5000 } = options;
    checkNumber('waitForWorker', waitForWorker, 2 ** 31 - 1);
    this.#patience = waitForWorker;
    this.#settings = settingsOf(options);
    this.#shared = new SharedBroker(this.#settings);
  }

  async spawn(script: string, options: object): Promise<NatsChannel> {
    const name = checkName('script', script);
    refuseOptions(options);
    const broker = await this.#shared.acquire();
    let claim: Claim;
    try {
      claim = await this.#claim(broker, name);
    } catch (error) {
      this.#shared.release();
      throw error;
    }
    // From here on its end releases the broker.
    const end = new HostEnd(broker, this.#shared, this.#settings, name, claim);
    await end.opened();
    return end;
  }

  async #claim(broker: Broker, name: string): Promise<Claim> {
    const deadline = now() + this.#patience;
    const subject = offerSubject(this.#settings.prefix, name);
    const request = JSON.stringify({ version: VERSION });
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        const timeout = Math.max(1, Math.min(CLAIM_TIMEOUT, deadline - now()));
        return claimOf((await broker.connection.request(subject, request, { timeout })).data);
      } catch (error) {
        if (!isAbsence(error)) throw refusalIn(error) ?? error;
        if (now() + pause > deadline) {
          throw broker.isReachable
            ? noWorker(name, this.#patience, error)
            : noBroker(this.#settings.addresses, this.#patience, error);
        }
      }
      await new Promise<void>((resolve) => void setTimeout(resolve, pause));
    }
  }
}

/** They are the serving process's to choose. */
function refuseOptions(options: object): void {
  const [given] = Object.entries(options).find(([, value]) => value !== undefined) ?? [];
  if (given === undefined) return;
  throw new WorkerError(
    'ERR_UNSUPPORTED_BY_DRIVER',
    `the driver "nats" does not support the option \`${given}\`: its workers already run. Give it to the process that serves them.`,
  );
}

function claimOf(data: Uint8Array): Claim {
  const text = Buffer.from(data).toString();
  const claim = parseClaim(text);
  if (claim?.version === VERSION && isSession(claim.session) && Number.isInteger(claim.pid)) return claim as Claim;
  const version = claim?.version === undefined ? 'none' : String(claim.version).slice(0, 20);
  throw new WorkerError(
    'ERR_PROTOCOL_MISMATCH',
    `the serving process speaks version ${version} of the protocol, this host version ${VERSION}. Install the same version of ` +
      'isolated-workers on both, and let no other program answer on the subjects of the library.',
  );
}

function parseClaim(text: string): Partial<Claim> | undefined {
  try {
    return (JSON.parse(text) as Partial<Claim> | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Nobody offers a worker, or who did has vanished. */
function isAbsence(error: unknown): boolean {
  const names = ['NoResponders', 'NoRespondersError', 'TimeoutError'];
  const { name, cause } = error as { name?: string; cause?: { name?: string } };
  return names.includes(name ?? '') || names.includes(cause?.name ?? '');
}

function noWorker(name: string, millis: number, cause: unknown): WorkerError {
  return new WorkerError(
    'ERR_NO_SUCH_WORKER',
    `no worker of the name "${name}" became free within ${millis} ms. Serve more of them, close workers that hosts no longer ` +
      'need, or raise `waitForWorker`.',
    { cause },
  );
}

function noBroker(addresses: string, millis: number, cause: unknown): WorkerError {
  return new WorkerError(
    'ERR_DRIVER_FAILED',
    `the NATS server at ${addresses} did not answer within ${millis} ms. The driver goes on connecting: start the worker again when the ` +
      'server runs.',
    { cause },
  );
}
