// What the library uses of `node:async_hooks`: the engine has no asynchronous contexts.

export class AsyncResource {
  runInAsyncScope<T>(act: (...args: unknown[]) => T, self: unknown, ...args: unknown[]): T {
    return act.apply(self, args);
  }

  static bind<T>(act: T): T {
    return act;
  }
}
