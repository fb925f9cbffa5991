import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';

import { type Serializer, WorkerError } from '../../index.js';
import type { Definition } from '../definition.js';
import { rejection, rejectsWith, stillAnswers, upTo } from '../expect.js';
import { quiet } from '../harness.js';

// The last two: the script of a driver may be a name, which a path is not, or under which nothing is offered.
const NO_SCRIPT = [
  'ERR_SCRIPT_NOT_FOUND',
  'ERR_WORKER_SPAWN_FAILED',
  'ERR_WORKER_CRASHED',
  'ERR_START_TIMEOUT',
  'ERR_INVALID_OPTION',
  'ERR_NO_SUCH_WORKER',
];
const MEBIBYTE = 2 ** 20;

class OtherSerializer implements Serializer {
  readonly name = 'conformance';
  readonly terminator = '\n';
  serialize(data: unknown): string {
    return JSON.stringify(data);
  }
  deserialize(data: string | Uint8Array): unknown {
    return JSON.parse(String(data));
  }
}

/** Start-up data, handshakes, and messages before a worker is ready. */
export const starts: readonly Definition[] = [
  {
    name: 'start-up data are undefined where the host set none',
    async test(stage) {
      const worker = await stage.start();
      assert.equal(await worker.send('startupData'), undefined);
    },
  },
  {
    name: 'start-up data arrive unchanged',
    async test(stage) {
      for (const startupData of [{ list: [1, { ä: '€😀' }], none: null }, 'text', '', 0, false, null]) {
        const worker = await stage.start({ startupData });
        assert.deepEqual(await worker.send('startupData'), startupData);
        await worker.close();
      }
    },
  },
  {
    name: 'start-up data carry dates, maps, sets, bytes and undefined',
    async test(stage) {
      const startupData = {
        map: new Map([['at', new Date(5)]]),
        set: new Set([1n, NaN]),
        bytes: new Uint8Array([1, 2]),
        nothing: undefined,
      };
      const worker = await stage.start({ startupData });
      assert.deepEqual(await worker.send('startupData'), startupData);
    },
  },
  {
    name: 'start-up data of 1 MiB arrive whole',
    async test(stage) {
      const startupData = { text: 'x'.repeat(MEBIBYTE) };
      const worker = await stage.start({ startupData });
      assert.ok(((await worker.send('startupData')) as typeof startupData).text === startupData.text);
    },
  },
  {
    name: 'start-up data that cannot be sent fail the start',
    async test(stage) {
      await rejectsWith(stage.start({ startupData: () => {} }), 'ERR_NOT_SERIALIZABLE', 'startupData');
    },
  },
  {
    name: 'workers that run at the same time have each their own start-up data and answers',
    async test(stage) {
      const workers = await Promise.all([1, 2, 3].map((startupData) => stage.start({ startupData })));
      const answers = workers.flatMap((worker) => [worker.send('startupData'), worker.send('echo', worker.name)]);
      assert.deepEqual(
        await Promise.all(answers),
        workers.flatMap((worker, index) => [index + 1, worker.name]),
      );
      await workers[0]?.close();
      for (const worker of workers.slice(1)) await stillAnswers(worker);
    },
  },
  {
    name: 'a host with a serializer and a worker without one do not start',
    async test(stage) {
      const start = stage.start({ serializer: new OtherSerializer() });
      await rejectsWith(start, 'ERR_SERIALIZER_MISMATCH', '"conformance"');
    },
  },
  {
    name: 'a script that does not exist fails the start',
    async test(stage) {
      const script = path.join(os.tmpdir(), `isolated-workers-${stage.caseId}`, 'none.mjs');
      // Only a custom driver knows where it searches for its scripts: it may find out as late as in the worker.
      const error = await rejection(stage.start({ script, timeout: { startup: 5000 } }));
      assert.ok(error instanceof WorkerError, `not a WorkerError: ${String(error)}`);
      assert.ok(NO_SCRIPT.includes(error.code), `${error.code}: ${error.message}`);
    },
  },
  {
    name: 'the worker handles messages from before its start in order',
    async test(stage) {
      const worker = await stage.start({ waitForReady: false });
      assert.equal(worker.isActive, true);
      const { caseId } = stage;
      const numbers = upTo(100);
      const arrived: unknown[] = [];
      const sent = numbers.map((value) => {
        if (value % 2 === 0) return worker.post('note', { caseId, value });
        return quiet(worker.send('note', { caseId, value }).then(() => arrived.push(value)));
      });
      const late = { text: 'x'.repeat(MEBIBYTE) };
      const large = worker.send('echo', late);
      late.text = 'changed';
      assert.deepEqual(await worker.send('noted', { caseId }), numbers);
      assert.ok(((await large) as typeof late).text === 'x'.repeat(MEBIBYTE));
      await Promise.all(sent);
      assert.deepEqual(
        arrived,
        numbers.filter((value) => value % 2 === 1),
      );
      assert.equal(worker.isConnected, true);
    },
  },
];
