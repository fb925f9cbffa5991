import type { ConnectedHost, ConnectionSetup, HostConnection } from '../../connection/connection.js';
import type { Ending, HostChannel } from '../../drivers/host-channel.js';
import type { Requests } from '../../requests/requests.js';
import type { KeptResult } from '../../types/worker-events.js';
import type { Log } from '../../logging/logger.js';
import type { InstanceState } from './state.js';

export interface WorkerInstanceInit {
  /** The worker's name. */
  readonly name: string;
  readonly driver: string;
  /** The host's user has chosen a serializer. */
  readonly namesSerializer: boolean;
  /** An end with the exit code 0 that the host has not asked for is no crash. */
  readonly endsByItself: boolean;
  readonly channel: HostChannel;
  readonly requests: Requests<HostConnection>;
  readonly setup: Omit<ConnectionSetup, 'outcomes' | 'onControl' | 'onWarning'>;
  readonly log: Log;
  /** The connection to a detached worker was lost, not the worker. */
  onDisconnected(): void;
  onKept(kept: KeptResult): void;
  /** Something else has ended a worker that served; its requests have not failed yet. */
  onMishap(): void;
}

/** One process or thread, as the parts of a `WorkerInstance` see it and one another. */
export interface InstanceParts {
  readonly state: InstanceState;
  /** Resolves when it is gone, and its requests are settled. */
  readonly gone: Promise<Ending>;
  readonly attachment: {
    readonly ready: Promise<void>;
    readonly losing: Promise<void> | undefined;
    flush(): void;
    close(): void | Promise<void>;
    leaveAlone(connected?: ConnectedHost): void;
    renew(connected: ConnectedHost): void;
    restoreRefMode(): void;
  };
  readonly reconnection: {
    readonly underWay: Promise<void> | undefined;
    attachAgain(): Promise<void>;
  };
  readonly shutdown: {
    leaveToOther(): void;
  };
}
