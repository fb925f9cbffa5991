import { Observable } from 'threads/observable';
import { expose } from 'threads/worker';

expose({
  add: (one, other) => one + other,
  pid: () => process.pid,
  fail() {
    throw new Error('failed');
  },
  count: (most) =>
    new Observable((observer) => {
      for (let index = 0; index < most; index++) observer.next(index);
      observer.complete();
    }),
});
