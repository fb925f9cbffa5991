import type { Job } from './job.js';

/** What a message that is handled needs of its dispatcher. */
export interface ContextSource<Call> {
  readonly host: unknown;
  readonly worker: unknown;
  transactionId(call: Call | undefined): string | undefined;
  tellProgress(job: Job<Call>, value: unknown): void;
}

/** What a handler gets as its second argument. Each member is made when it is first asked for. */
export class HandlerContext<Call> {
  readonly #source: ContextSource<Call>;
  readonly #job: Job<Call>;

  constructor(source: ContextSource<Call>, job: Job<Call>) {
    this.#source = source;
    this.#job = job;
  }

  get signal(): AbortSignal {
    const job = this.#job;
    if (job.controller === undefined) {
      job.controller = new AbortController();
      if (job.isCancelled) job.controller.abort(job.reason);
    }
    return job.controller.signal;
  }

  get tx(): string | undefined {
    return this.#source.transactionId(this.#job.call);
  }

  get type(): string {
    return this.#job.type;
  }

  get progress(): (value: unknown) => void {
    return (value) => this.#source.tellProgress(this.#job, value);
  }

  get input(): AsyncIterable<unknown> | undefined {
    return this.#job.reader;
  }

  get host(): unknown {
    return this.#source.host;
  }

  get worker(): unknown {
    return this.#source.worker;
  }
}
