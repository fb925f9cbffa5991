// Effect's RPC over workers of every driver.
import { layer } from 'isolated-workers/effect';

import { drivers, isIsolate } from '../fixtures/effect/drivers.mjs';
import { script, testRpc } from '../fixtures/effect/rpc-suite.mjs';

const ofIsolates = { pid: 0, exited: /limits\.cpuMsPerMessage is 1000/ };
const ofOthers = { exited: /code 3/ };

for (const [name, options] of drivers) {
  const exit = name === 'in-process' ? {} : ofOthers;
  testRpc({
    name,
    layer: layer((id) => ({ script, name: `worker ${id}`, ...options })),
    areProcesses: name === 'process' || name === 'custom driver',
    ...(isIsolate(name) ? ofIsolates : exit),
  });
}
