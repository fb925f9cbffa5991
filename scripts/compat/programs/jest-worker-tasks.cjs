const { existsSync, rmSync, writeFileSync } = require('node:fs');
const { messageParent } = require('jest-worker');

const nameOf = (value) => (typeof value === 'object' ? value.constructor.name : typeof value);
module.exports = {
  add: (one, other) => one + other,
  pid: () => process.pid,
  fail() {
    throw Object.assign(new TypeError('failed'), { code: 'ERR_MINE' });
  },
  kind: (map, big, bytes) => [nameOf(map), nameOf(map.get(1)), nameOf(big), nameOf(bytes)],
  killOnce(marker) {
    if (existsSync(marker)) {
      rmSync(marker);
      return 'survived';
    }
    writeFileSync(marker, '');
    process.kill(process.pid, 'SIGKILL');
  },
  print: (words) => console.log(words),
  tell(count) {
    for (let index = 0; index < count; index++) messageParent(index);
  },
};
