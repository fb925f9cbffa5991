import type { Job } from './job.js';

/** The messages that are handled and have not come to their end, by their calls. */
export class Jobs<Call> {
  private readonly jobs = new Map<unknown, Job<Call>>();
  private onEmpty: (() => void)[] = [];

  /** @param keyOf - What a call is found by again. */
  constructor(private readonly keyOf: (call: Call) => unknown) {}

  get size(): number {
    return this.jobs.size;
  }

  add(job: Job<Call>): void {
    if (job.isListed) return;
    job.isListed = true;
    // Nobody asks for a notification: it is its own key.
    job.key = job.call === undefined ? job : this.keyOf(job.call);
    this.jobs.set(job.key, job);
  }

  remove(job: Job<Call>): void {
    if (!job.isListed) return;
    job.isListed = false;
    if (this.jobs.get(job.key) === job) this.jobs.delete(job.key);
    job.onEnd?.();
    if (this.jobs.size > 0) return;
    for (const told of this.onEmpty.splice(0)) told();
  }

  find(call: Call): Job<Call> | undefined {
    return this.jobs.get(this.keyOf(call));
  }

  all(): Job<Call>[] {
    return [...this.jobs.values()];
  }

  /** Resolves when there are none. */
  async ended(): Promise<void> {
    if (this.jobs.size > 0) await new Promise<void>((resolve) => this.onEmpty.push(resolve));
  }
}
