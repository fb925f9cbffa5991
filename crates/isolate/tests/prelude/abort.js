{
  const controller = new AbortController();
  const { signal } = controller;
  let told = 0;
  signal.addEventListener('abort', (event) => {
    told++;
    check('the event', event.type === 'abort' && event.target === signal);
  });
  signal.onabort = function () {
    told++;
    check('this', this === signal);
  };
  check('before', !signal.aborted && signal.reason === undefined);
  controller.abort();
  controller.abort('again');
  check('after', signal.aborted && told === 2);
  check(
    'the reason',
    signal.reason instanceof DOMException && signal.reason.name === 'AbortError' && signal.reason.code === 20,
  );
  throws('it throws', () => signal.throwIfAborted(), /AbortError: This operation was aborted/);
  const own = new AbortController();
  own.abort(7);
  check('a reason of one\u2019s own', own.signal.reason === 7);
  check('abort()', AbortSignal.abort('x').aborted && AbortSignal.abort('x').reason === 'x');
  throws('a constructor', () => new AbortSignal(), /TypeError/);

  const one = new AbortController();
  const two = new AbortController();
  const any = AbortSignal.any([one.signal, two.signal]);
  const both = AbortSignal.any([any, AbortSignal.any([one.signal])]);
  let order = '';
  any.addEventListener('abort', () => {
    order += both.aborted;
  });
  check('none yet', !any.aborted);
  two.abort('two');
  check('any', any.aborted && any.reason === 'two' && both.reason === 'two' && order === 'true');
  check('at once', AbortSignal.any([two.signal, one.signal]).reason === 'two');
  check('of nothing', !AbortSignal.any([]).aborted);
  throws('no signals', () => AbortSignal.any([1]), /TypeError/);

  const calls = [];
  globalThis.setTimeout = (callback, delay) => {
    calls.push(callback, delay);
    return {
      unref() {
        calls.push('unref');
      },
    };
  };
  const late = AbortSignal.timeout(250);
  check('the timer', calls[1] === 250 && calls[2] === 'unref' && !late.aborted);
  calls[0]();
  check('the timeout', late.reason.name === 'TimeoutError' && late.reason.code === 23);
  throws('no time', () => AbortSignal.timeout(-1), /RangeError/);
  throws('nor this', () => AbortSignal.timeout(NaN), /RangeError/);
  check('tags', String(controller) === '[object AbortController]' && String(signal) === '[object AbortSignal]');
}
