// The kinds of requests that a pool has.
import type { WorkerStream } from '../types/worker-stream.js';
import { cancelled } from '../errors/worker-error.js';
import type { SendOptions } from '../types/request-sender.js';
import { LateStream } from './late-stream.js';
import type { Member } from './member.js';
import { PoolRequest } from './pool-request.js';

/** One that is answered by a value. */
export class ValueRequest extends PoolRequest {
  readonly isAnswered = true;
  /** In place of the timeout of the call, in milliseconds: what is left of it. */
  left: number | undefined = undefined;
  private promise: Promise<unknown> | undefined = undefined;
  private settle: { resolve(value: unknown): void; reject(error: unknown): void } | undefined = undefined;

  /** What the caller gets: the promise of the worker where it is there already and nothing else can become of it. */
  get outcome(): Promise<unknown> {
    return (this.promise ??= this.promiseOwn());
  }

  promiseOwn(): Promise<unknown> {
    return (this.promise ??= new Promise((resolve, reject) => (this.settle = { resolve, reject })));
  }

  protected send({ worker }: Member): void {
    const { options } = this.call;
    const given: SendOptions | undefined = this.left === undefined ? options : { ...options, timeout: this.left };
    const sent = worker.send(this.type, this.payload, given);
    if (this.settle === undefined) this.promise = sent;
    sent.then(
      (value) => {
        this.settle?.resolve(value);
        this.owner.succeeded(this);
      },
      (error: unknown) => this.owner.failed(this, error),
    );
  }

  reject(error: unknown): void {
    // Whoever sends it has no promise yet where its choice of a worker fails at once.
    void this.promiseOwn();
    this.settle?.reject(error);
  }
}

/** One that is answered by chunks. */
export class StreamRequest extends PoolRequest {
  readonly isAnswered = true;
  private late: LateStream | undefined = undefined;
  private begun: WorkerStream<unknown, unknown> | undefined = undefined;

  /** What the caller gets: the stream of the worker where it has begun already. */
  get stream(): WorkerStream<unknown, unknown> {
    return this.begun ?? (this.late ??= new LateStream(() => this.owner.withdraw(this, cancelled(this.type))));
  }

  protected send({ worker }: Member): void {
    const stream = worker.stream(this.type, this.payload, this.call.options) as WorkerStream<unknown, unknown>;
    this.begun = stream;
    this.late?.begin(stream);
    stream.result.then(
      () => this.owner.succeeded(this),
      (error: unknown) => this.owner.failed(this, error),
    );
  }

  /** The stream of a worker tells by itself. */
  reject(error: unknown): void {
    if (this.begun === undefined) (this.stream as LateStream).fail(error);
  }
}

/** One that is not answered. */
export class Notification extends PoolRequest {
  readonly isAnswered = false;
  /** Why it was not sent, where that was tried. */
  failure: { readonly error: unknown } | undefined = undefined;
  /** Its call has returned: what goes wrong is logged. */
  isLate = false;

  protected send({ worker }: Member): void {
    try {
      worker.post(this.type, this.payload, this.call.options);
    } catch (error) {
      this.failure = { error };
    }
    this.owner.succeeded(this);
  }

  reject(error: unknown): void {
    this.failure = { error };
  }
}
