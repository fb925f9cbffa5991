// What the library uses of `node:events`.
type Listener = (...args: unknown[]) => void;

export class EventEmitter {
  private readonly all = new Map<string, Listener[]>();

  on(event: string, listener: Listener): this {
    this.all.set(event, [...(this.all.get(event) ?? []), listener]);
    return this;
  }

  once(event: string, listener: Listener): this {
    const one: Listener & { original?: Listener } = (...args) => {
      this.off(event, one);
      listener(...args);
    };
    one.original = listener;
    return this.on(event, one);
  }

  off(event: string, listener: Listener): this {
    const is = (known: Listener & { original?: Listener }) => known === listener || known.original === listener;
    this.all.set(
      event,
      (this.all.get(event) ?? []).filter((known) => !is(known)),
    );
    return this;
  }

  emit(event: string, ...args: unknown[]): boolean {
    const listeners = this.all.get(event) ?? [];
    for (const listener of listeners) listener(...args);
    return listeners.length > 0;
  }

  listenerCount(event: string): number {
    return this.all.get(event)?.length ?? 0;
  }
}
