var notes = [];
function note(text) {
  if (notes.length < 200) notes.push(String(text));
}
/** An object that notes how it is used. */
function logged(target) {
  const key = (name) => (typeof name === 'symbol' ? name.toString() : name);
  return new Proxy(target, {
    get(object, name, self) {
      note(`get ${key(name)}`);
      return Reflect.get(object, name, self);
    },
    set(object, name, value, self) {
      note(`set ${key(name)}`);
      return Reflect.set(object, name, value, self);
    },
    has(object, name) {
      note(`has ${key(name)}`);
      return Reflect.has(object, name);
    },
    deleteProperty(object, name) {
      note(`delete ${key(name)}`);
      return Reflect.deleteProperty(object, name);
    },
  });
}
function show(value, depth = 0) {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return value.toString();
    case 'function':
      return 'function';
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'object':
      break;
    default:
      return String(value);
  }
  if (value === null) return 'null';
  if (depth > 4) return '...';
  const kind = Object.prototype.toString.call(value);
  if (value instanceof Map || value instanceof Set) return `${kind}${show([...value], depth + 1)}`;
  if (kind.endsWith('Iterator]') || kind.includes('Iterator Helper') || kind.includes('RegExp String')) {
    const items = [];
    for (let step = 0; step < 10; step++) {
      const { done, value: item } = value.next();
      if (done) break;
      items.push(item);
    }
    return `${kind}${show(items, depth + 1)}`;
  }
  const keys = Reflect.ownKeys(value).slice(0, 30);
  return `${kind}{${keys.map((key) => {
    const member = Reflect.getOwnPropertyDescriptor(value, key);
    const flags = `${member.writable ? 'w' : ''}${member.enumerable ? 'e' : ''}${member.configurable ? 'c' : ''}`;
    return `${String(key)}:${flags}:${'value' in member ? show(member.value, depth + 1) : 'accessor'}`;
  })}}`;
}
const functions = new Map();
function run(text, self, args) {
  notes = [];
  let called = functions.get(text);
  if (called === undefined) functions.set(text, (called = (0, eval)(text.replace(/^new /, ''))));
  let result;
  try {
    const value = text.startsWith('new ') ? Reflect.construct(called, args) : Reflect.apply(called, self, args);
    result = show(value);
  } catch (error) {
    result = `throws ${error instanceof Error ? error.name : show(error)}`;
  }
  const safe = (value) => {
    try {
      return show(value);
    } catch (error) {
      return `shows ${error.name}`;
    }
  };
  return `${result} | ${safe(self)} | ${args.map(safe)} | ${notes}`;
}
('ready');
