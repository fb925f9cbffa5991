import type * as HostErrors from '../errors/host-errors.js';
import type { WorkerStream } from '../streams/worker-stream.js';
import type { HostClient } from './host-client.js';
import type * as HostSender from './host-sender.js';

/** One host, from its arrival to its end. Its public type is `ConnectedHost`. */
export class ConnectedHost {
  isConnected = false;
  pid: number | undefined;

  constructor(private readonly client: HostClient) {}

  send(...args: Parameters<HostClient['send']>): Promise<unknown> {
    return this.isConnected ? this.client.send(...args) : Promise.reject(hostGone(`send "${args[0]}"`));
  }

  post(...args: Parameters<HostClient['post']>): void {
    if (!this.isConnected) throw hostGone(`post "${args[0]}"`);
    this.client.post(...args);
  }

  stream(...args: Parameters<HostClient['stream']>): WorkerStream {
    if (this.isConnected) return this.client.stream(...args);
    const { failedStream } = require('./streams.cjs') as typeof HostSender;
    return failedStream(args[0], hostGone(`stream "${args[0]}"`));
  }
}

function hostGone(operation: string): Error {
  return (require('./failures.cjs') as typeof HostErrors).hostGone(operation);
}
