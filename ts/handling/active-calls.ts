import type { Job } from './call.js';

/** The messages that are being handled, by their calls. */
export class Jobs<Call> {
  private readonly jobs = new Map<unknown, Job<Call>>();
  /** Calls without a waiting requester, whose handlers still run. */
  private readonly left = new Set<Job<Call>>();
  private onEmpty: (() => void)[] = [];
  /** By transaction id; created at the first lookup. */
  private byId: Map<string, Job<Call>> | undefined;
  private onAllLeft: (() => void)[] = [];

  /** @param keyOf - Returns the key of a call. */
  constructor(
    private readonly keyOf: (call: Call) => unknown,
    private readonly idOf: (call: Call) => string | undefined,
  ) {}

  get size(): number {
    return this.jobs.size;
  }

  add(job: Job<Call>): void {
    if (job.isListed) return;
    job.isListed = true;
    // A notification has no lookups: it is its own key.
    job.key = job.call === undefined ? job : this.keyOf(job.call);
    this.jobs.set(job.key, job);
    if (this.byId !== undefined) this.index(this.byId, job);
  }

  remove(job: Job<Call>): void {
    if (!job.isListed) return;
    job.isListed = false;
    if (this.jobs.get(job.key) === job) this.jobs.delete(job.key);
    if (this.byId !== undefined && job.own.id !== undefined) this.byId.delete(job.own.id);
    this.left.delete(job);
    for (const told of job.onEnd ?? []) told();
    this.check();
  }

  /** Its requester no longer waits. */
  leave(job: Job<Call>): void {
    if (!job.isListed) return;
    this.left.add(job);
    this.check();
  }

  private check(): void {
    if (this.jobs.size > this.left.size) return;
    for (const told of this.onAllLeft.splice(0)) told();
    if (this.jobs.size > 0) return;
    for (const told of this.onEmpty.splice(0)) told();
  }

  find(call: Call): Job<Call> | undefined {
    return this.jobs.get(this.keyOf(call));
  }

  findById(id: string): Job<Call> | undefined {
    if (this.byId === undefined) {
      this.byId = new Map();
      for (const job of this.jobs.values()) this.index(this.byId, job);
    }
    return this.byId.get(id);
  }

  private index(byId: Map<string, Job<Call>>, job: Job<Call>): void {
    const id = job.call === undefined ? undefined : this.idOf(job.call);
    if (id === undefined) return;
    job.own.id = id;
    byId.set(id, job);
  }

  all(): Job<Call>[] {
    return [...this.jobs.values()];
  }

  /** Resolves when there are none with a waiting requester; notifications count. */
  async allLeft(): Promise<void> {
    if (this.jobs.size > this.left.size) await new Promise<void>((resolve) => this.onAllLeft.push(resolve));
  }

  /** Resolves when there are none. */
  async ended(): Promise<void> {
    if (this.jobs.size > 0) await new Promise<void>((resolve) => this.onEmpty.push(resolve));
  }
}
