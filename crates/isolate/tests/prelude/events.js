{
  const target = new EventTarget();
  const seen = [];
  const listener = (event) => seen.push(event.type);
  target.addEventListener('a', listener);
  target.addEventListener('a', listener);
  const event = new Event('a', { cancelable: true });
  check('it is not prevented', target.dispatchEvent(event) === true);
  check('a listener is there once', seen.join() === 'a');
  check('an event knows its target', event.target === target && event.currentTarget === null && event.eventPhase === 0);
  target.removeEventListener('a', listener);
  target.dispatchEvent(new Event('a'));
  check('a removed listener is not called', seen.length === 1);
  target.addEventListener('b', listener, { once: true });
  target.dispatchEvent(new Event('b'));
  target.dispatchEvent(new Event('b'));
  check('once', seen.join() === 'a,b');
  target.addEventListener('c', {
    handleEvent(e) {
      seen.push(this.name + e.type);
    },
    name: 'object-',
  });
  target.dispatchEvent(new Event('c'));
  check('an object listens', seen.at(-1) === 'object-c');
  target.addEventListener('d', (e) => e.preventDefault());
  check('a listener prevents', target.dispatchEvent(new Event('d', { cancelable: true })) === false);
  check('only what is cancelable', target.dispatchEvent(new Event('d')) === true);
  target.addEventListener('e', (e) => {
    seen.push(1);
    e.stopImmediatePropagation();
  });
  target.addEventListener('e', () => seen.push(2));
  target.dispatchEvent(new Event('e'));
  check('it stops', seen.at(-1) === 1);
  const controller = new AbortController();
  target.addEventListener('f', listener, { signal: controller.signal });
  controller.abort();
  target.dispatchEvent(new Event('f'));
  check('a signal removes a listener', seen.at(-1) === 1);
  target.addEventListener('g', () => target.addEventListener('g', () => seen.push('late')));
  target.dispatchEvent(new Event('g'));
  check('a new listener waits for the next event', seen.at(-1) === 1);
  throws('no event', () => target.dispatchEvent({ type: 'a' }), /TypeError/);
  throws('no listener', () => target.addEventListener('a', 1), /TypeError/);
  throws('no type', () => new Event(), /TypeError/);
  const again = new Event('h');
  target.addEventListener('h', () => throws('twice', () => target.dispatchEvent(again), /InvalidStateError/));
  target.dispatchEvent(again);
  check('tags', String(event) === '[object Event]' && String(target) === '[object EventTarget]');
  check('constants', Event.AT_TARGET === 2 && event.BUBBLING_PHASE === 3);
}
