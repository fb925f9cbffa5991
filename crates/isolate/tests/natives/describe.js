// The built-in functions, one a line: their place, attributes, name, length, whether they construct, and their text.
(() => {
  const lines = [];
  const seen = new Set();
  const isConstructor = (value) => {
    try {
      Reflect.construct(Object, [], value);
      return true;
    } catch {
      return false;
    }
  };
  const look = (holder, path) => {
    if (seen.has(holder) || path.split('.').length > 4) return;
    seen.add(holder);
    for (const key of Reflect.ownKeys(holder)) {
      const member = Reflect.getOwnPropertyDescriptor(holder, key);
      const place = `${path}.${String(key)}`;
      for (const value of [member.value, member.get, member.set]) {
        if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) continue;
        if (typeof value === 'function') {
          const own = ['name', 'length'].map((name) => JSON.stringify(Reflect.getOwnPropertyDescriptor(value, name)));
          const flags = JSON.stringify({ w: member.writable, e: member.enumerable, c: member.configurable });
          const keys = Reflect.ownKeys(value).map(String).sort().join();
          const proto = Object.getPrototypeOf(value) === Function.prototype;
          lines.push(
            [place, flags, own, isConstructor(value), keys, proto, Function.prototype.toString.call(value)]
              .join(' ')
              .replaceAll('\n', ' '),
          );
        }
        if (value !== globalThis) look(value, place);
      }
    }
  };
  look(globalThis, 'global');
  return lines.filter((line) => !line.includes('CallSite')).join('\n');
})();
