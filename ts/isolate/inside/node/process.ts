// What the library uses of `process`. Scripts do not see it.
import { bridge } from '../bridge.js';

type Listener = (...args: never[]) => void;

class Process {
  readonly env: Record<string, string | undefined> = {};
  readonly argv: readonly string[] = ['isolate', bridge.entry];
  readonly execArgv: readonly string[] = [];
  readonly versions: Record<string, string> = {};
  readonly platform = 'isolate';
  readonly moduleLoadList: readonly string[] = ['isolate'];
  exitCode: number | undefined;
  private readonly known = new Map<string, Set<Listener>>();

  on(event: string, listener: Listener): this {
    this.known.set(event, (this.known.get(event) ?? new Set()).add(listener));
    return this;
  }

  once(event: string, listener: Listener): this {
    return this.on(event, listener);
  }

  off(event: string, listener: Listener): this {
    this.known.get(event)?.delete(listener);
    return this;
  }

  listeners(event: string): readonly Listener[] {
    return [...(this.known.get(event) ?? [])];
  }

  listenerCount(event: string): number {
    return this.known.get(event)?.size ?? 0;
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of this.listeners(event)) listener(...(args as never[]));
  }

  emitWarning(text: unknown): void {
    bridge.print([true, `Warning: ${String(text)}`]);
  }

  cwd(): string {
    return '/';
  }

  end(code = this.exitCode ?? 0): never {
    bridge.exit(code);
    throw new Error('the isolate ends');
  }
}

const process = new Process();

export { process };
