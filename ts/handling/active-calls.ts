import type { Call } from './call.js';

/** The messages that are being handled, by their calls. */
export class ActiveCalls<Ref> {
  private readonly calls = new Map<unknown, Call<Ref>>();
  /** Calls without a waiting requester, whose handlers still run. */
  private readonly left = new Set<Call<Ref>>();
  private onEmpty: (() => void)[] = [];
  /** By transaction id; created at the first lookup. */
  private byId: Map<string, Call<Ref>> | undefined;
  private onAllLeft: (() => void)[] = [];

  /** @param keyOf - Returns the key of a call. */
  constructor(
    private readonly keyOf: (ref: Ref) => unknown,
    private readonly idOf: (ref: Ref) => string | undefined,
  ) {}

  get size(): number {
    return this.calls.size;
  }

  add(call: Call<Ref>): void {
    if (call.isListed) return;
    call.isListed = true;
    // A notification has no lookups: it is its own key.
    call.key = call.ref === undefined ? call : this.keyOf(call.ref);
    this.calls.set(call.key, call);
    if (this.byId !== undefined) this.index(this.byId, call);
  }

  remove(call: Call<Ref>): void {
    if (!call.isListed) return;
    call.isListed = false;
    if (this.calls.get(call.key) === call) this.calls.delete(call.key);
    if (this.byId !== undefined && call.own.id !== undefined) this.byId.delete(call.own.id);
    this.left.delete(call);
    for (const act of call.onEnd ?? []) act();
    this.check();
  }

  /** Its requester no longer waits. */
  leave(call: Call<Ref>): void {
    if (!call.isListed) return;
    this.left.add(call);
    this.check();
  }

  private check(): void {
    if (this.calls.size > this.left.size) return;
    for (const act of this.onAllLeft.splice(0)) act();
    if (this.calls.size > 0) return;
    for (const act of this.onEmpty.splice(0)) act();
  }

  find(ref: Ref): Call<Ref> | undefined {
    return this.calls.get(this.keyOf(ref));
  }

  findById(id: string): Call<Ref> | undefined {
    if (this.byId === undefined) {
      this.byId = new Map();
      for (const call of this.calls.values()) this.index(this.byId, call);
    }
    return this.byId.get(id);
  }

  private index(byId: Map<string, Call<Ref>>, call: Call<Ref>): void {
    const id = call.ref === undefined ? undefined : this.idOf(call.ref);
    if (id === undefined) return;
    call.own.id = id;
    byId.set(id, call);
  }

  all(): Call<Ref>[] {
    return [...this.calls.values()];
  }

  /** Resolves when there are none with a waiting requester; notifications count. */
  async allLeft(): Promise<void> {
    if (this.calls.size > this.left.size) await new Promise<void>((resolve) => this.onAllLeft.push(resolve));
  }

  /** Resolves when there are none. */
  async ended(): Promise<void> {
    if (this.calls.size > 0) await new Promise<void>((resolve) => this.onEmpty.push(resolve));
  }
}
