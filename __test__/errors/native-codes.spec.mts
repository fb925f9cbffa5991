// Each error that the addon makes has its code and its fields: here each is raised, by a peer, a file or an argument.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, read, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { platform } from '../../scripts/build/native.mjs';
import type { NativeCode } from '../../ts/protocol/native-code.js';

const require = createRequire(import.meta.url);
const file = require.resolve(`../../isolated-workers.${platform()}.node`);
const addon = require(file);
const memory = new SharedArrayBuffer(1 << 16);
const engine = process.env['ISOLATED_WORKERS_ENGINE'] ?? 'uv';
const environment = new addon.NativeEnvironment(Buffer.from(memory), engine, false);

/** As ts/protocol/generated.ts has them. */
const control = { Ready: 1, Mismatch: 2, Refused: 4, InputRefused: 13, Overflow: 14 };
const kinds = { Request: 1, Stream: 9 };
const waitOutcome = { Refused: 4 };
const CONFIGURED = -1;
const REF_ALWAYS = 2;

const settings = {
  serializer: 'json',
  terminator: '\n',
  json: true,
  context: false,
  sharedMemory: false,
  sharedBuffers: false,
  busyPoll: false,
  handlers: ['handled'],
  maxMessageSize: 4096,
  maxPendingBytes: 1 << 26,
  maxConcurrency: 1,
  startupTimeout: 0,
  serverConnectTimeout: 0,
  messageTimeout: 0,
  timeoutTypes: [],
  timeoutMillis: [],
};

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly difference?: string;
}

const hello = { kind: 'hello', protocol: 1, serializer: 'json', terminator: '\n' };

/** A host's connection to a worker whose messages the test writes. */
class Host {
  readonly pair = new addon.NativePair();
  readonly connection: any;
  private readonly reports: [number, unknown][] = [];
  private onReport: (() => void) | undefined;

  constructor(t: TestContext, changes: object = {}) {
    const onControl = (what: number, _number: number, payload: unknown) => {
      this.reports.push([what, payload]);
      this.onReport?.();
    };
    const options = { ...settings, ...changes };
    this.connection = addon.NativeConnection.host(environment, this.pair, options, undefined, () => {}, onControl);
    this.connection.setRefMode(REF_ALWAYS);
    t.after(() => {
      this.connection.close();
      this.pair.close();
    });
  }

  /** Writes lines of JSON as the worker. */
  say(...messages: object[]): void {
    writeSync(this.pair.childFd, messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  /** The payload of the first event of this kind. */
  async reported(what: number): Promise<any> {
    for (;;) {
      const found = this.reports.find(([kind]) => kind === what);
      if (found !== undefined) return found[1];
      await new Promise<void>((resolve) => (this.onReport = resolve));
    }
  }

  /** The first error that the worker receives. */
  async told(): Promise<Failure> {
    environment.flushCommand();
    let text = '';
    for (;;) {
      const { bytesRead, buffer } = await promisify(read)(this.pair.childFd, Buffer.alloc(1 << 16), 0, 1 << 16, null);
      text += buffer.toString('utf8', 0, bytesRead);
      const error = text.split('\n').find((line) => line.includes('"kind":"error"') && line.endsWith('}'));
      if (error === undefined) continue;
      const { name, ...failure } = JSON.parse(error).payload;
      assert.equal(name, 'WorkerError');
      return failure;
    }
  }
}

function thrown(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Error);
    return { code: (error as any).code, message: error.message };
  }
  throw new Error('nothing was thrown');
}

function folder(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'native-codes-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const attach = (socket: string, patience: number): Promise<Failure> =>
  addon.NativeAttachment.connect(socket, 'a'.repeat(64), 'messages', patience);

/** Attaches to a worker that answers with this line, or with none. */
async function attachTo(t: TestContext, line: string | undefined, patience = 0): Promise<Failure> {
  const socket = path.join(folder(t), 'worker.sock');
  const server = createServer((client) => {
    client.on('error', () => {});
    if (line !== undefined) client.end(line);
    t.after(() => client.destroy());
  });
  server.listen(socket);
  await once(server, 'listening');
  t.after(() => server.close());
  return attach(socket, patience);
}

/** Runs a program whose descriptor 3 is the worker's end of a pair. */
function worker(t: TestContext, pair: any, program: string) {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit', pair.childFd] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

interface Case {
  readonly text: RegExp;
  readonly difference?: string;
  raise(t: TestContext): Failure | Promise<Failure>;
}

const cases: Record<Exclude<NativeCode, 'ERR_UNSUPPORTED_PLATFORM'>, Case> = {
  ERR_ATTACH_REFUSED: { text: /token/, raise: (t) => attachTo(t, 'token\n') },
  ERR_BACKPRESSURE: {
    text: /^the worker /,
    raise(t) {
      const host = new Host(t, { maxPendingBytes: 1 });
      host.say(hello, { kind: 'ended', tx: 'a', payload: 7 });
      return host.reported(control.Overflow);
    },
  },
  ERR_CONNECT_TIMEOUT: {
    text: /^the host has not sent its handshake and start-up data in time$/,
    async raise(t) {
      const pair = new addon.NativePair();
      t.after(() => pair.close());
      const child = worker(
        t,
        pair,
        `const addon = require(${JSON.stringify(file)});
        const memory = Buffer.from(new SharedArrayBuffer(1 << 16));
        const environment = new addon.NativeEnvironment(memory, 'tokio', false);
        try {
          addon.NativeConnection.worker(environment, 3).readStartupData(20);
        } catch ({ code, message }) {
          process.stdout.write(JSON.stringify({ code, message }));
        }`,
      );
      const [text] = await once(child.stdout as NodeJS.ReadableStream, 'data');
      return JSON.parse(String(text));
    },
  },
  ERR_DUPLICATE_TRANSACTION: {
    text: /"same".*txIdGenerator/,
    raise(t) {
      const { connection } = new Host(t);
      connection.reserveCommand('a', 'same', CONFIGURED, kinds.Request);
      return thrown(() => connection.reserveCommand('a', 'same', CONFIGURED, kinds.Request));
    },
  },
  ERR_HOST_BLOCKED: {
    text: /sendSync\(\)/,
    raise(t) {
      const host = new Host(t);
      const slot = host.connection.requestCommand('a', '1', CONFIGURED);
      const tx = host.connection.transactionId(slot);
      host.say(hello, { kind: 'request', type: 'handled', tx: 'w' }, { kind: 'result', type: 'aResult', tx });
      assert.equal(host.connection.waitFor(slot), undefined);
      return host.told();
    },
  },
  ERR_INVALID_OPTION: {
    text: /at most 1024 bytes of UTF-8, this one has 1025/,
    raise: (t) => thrown(() => new Host(t).connection.requestCommand('x'.repeat(1025), '1', CONFIGURED)),
  },
  ERR_INVALID_TRANSACTION_ID: {
    text: /^cannot send: /,
    raise: (t) => thrown(() => new Host(t).connection.reserveCommand('a', '', CONFIGURED, kinds.Request)),
  },
  ERR_MALFORMED_MESSAGE: {
    text: /^the worker answered "a" with a message of the type "b"$/,
    raise(t) {
      const host = new Host(t);
      const slot = host.connection.requestCommand('a', '1', CONFIGURED);
      host.say(hello, { type: 'b', tx: host.connection.transactionId(slot) });
      return host.reported(control.Refused);
    },
  },
  ERR_MESSAGE_TOO_LARGE: {
    text: /^cannot send "a": the message has 5\d\d\d bytes, the limit is 4096\. Raise `maxMessageSize`/,
    raise: (t) => thrown(() => new Host(t).connection.requestCommand('a', `"${'x'.repeat(5000)}"`, CONFIGURED)),
  },
  ERR_NOT_SERIALIZABLE: {
    text: /^the serializer must return a string$/,
    raise: (t) => thrown(() => new Host(t).connection.requestCommand('a', 7, CONFIGURED)),
  },
  ERR_NO_SUCH_WORKER: { text: /os error 2/, raise: (t) => attach(path.join(folder(t), 'none.sock'), 0) },
  ERR_PROTOCOL_MISMATCH: {
    text: /speaks protocol 1, the worker .* speaks 9\. Install the same version/,
    raise(t) {
      const host = new Host(t);
      host.say({ ...hello, protocol: 9 });
      return host.reported(control.Mismatch);
    },
  },
  ERR_SERIALIZER_MISMATCH: {
    text: /Give `createWorker` and `startWorkerServer` the same serializer\.$/,
    difference:
      'the host uses the serializer "json" with the terminator "\\n" and the worker uses "yaml" with the terminator "\\n"',
    raise(t) {
      const host = new Host(t);
      host.say({ ...hello, serializer: 'yaml' });
      return host.reported(control.Mismatch);
    },
  },
  ERR_START_TIMEOUT: { text: /answer/, raise: (t) => attachTo(t, undefined, 50) },
  ERR_SYNC_OVERFLOW: {
    text: /^the worker has sent more than 64 MiB .* sendSync\(\)/,
    raise(t) {
      const host = new Host(t);
      const slot = host.connection.requestCommand('a', '1', CONFIGURED);
      const line = JSON.stringify({ kind: 'notification', type: 'handled', payload: 'x'.repeat(3000) });
      worker(
        t,
        host.pair,
        `const { writeSync } = require('node:fs');
        writeSync(3, ${JSON.stringify(`${JSON.stringify(hello)}\n`)});
        const block = Buffer.from(${JSON.stringify(`${line}\n`)}.repeat(20));
        for (let rest = block; ; ) {
          try {
            rest = rest.subarray(writeSync(3, rest));
            if (rest.length === 0) rest = block;
          } catch (error) {
            if (error.code !== 'EAGAIN') process.exit();
          }
        }`,
      );
      const failure = host.connection.waitFor(slot);
      assert.equal(new Int32Array(memory)[1], waitOutcome.Refused);
      return failure;
    },
  },
  ERR_SYSTEM: {
    text: /^the descriptor is closed$/,
    raise() {
      const pair = new addon.NativePair();
      pair.close();
      return thrown(() => pair.childFd);
    },
  },
  ERR_TERMINATOR_IN_MESSAGE: {
    text: /^cannot send "a": its encoded form contains the serializer's terminator/,
    raise: (t) => thrown(() => new Host(t).connection.requestCommand('a', '"\n"', CONFIGURED)),
  },
  ERR_TOO_MANY_REQUESTS: {
    text: /^4097 requests of the worker wait for their answers.*`maxConcurrency`/,
    async raise(t) {
      const host = new Host(t);
      host.say(hello);
      await host.reported(control.Ready);
      const asked = (index: number) => ({ kind: 'request', type: 'handled', tx: `${index}` });
      for (let index = 0; index < 4098; index += 683) {
        host.say(...Array.from({ length: 683 }, (_, offset) => asked(index + offset)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return host.told();
    },
  },
  ERR_UNSUPPORTED_BY_PEER: {
    text: /^cannot send "a": the worker does not understand streams\. .*update it, or do without\.$/,
    async raise(t) {
      const host = new Host(t);
      host.say(hello);
      await host.reported(control.Ready);
      return thrown(() => host.connection.reserveCommand('a', undefined, CONFIGURED, kinds.Stream));
    },
  },
  ERR_WORKER_CLOSED: {
    text: /^the worker is gone$/,
    raise(t) {
      const [lifeline, pair] = [new addon.NativeLifeline(environment), new addon.NativePair()];
      t.after(() => pair.close());
      lifeline.close();
      return thrown(() => lifeline.pass(pair));
    },
  },
  ERR_WORKER_OCCUPIED: { text: /another host/, raise: (t) => attachTo(t, 'occupied\n') },
};

for (const [code, { text, difference, raise }] of Object.entries(cases)) {
  test(`The addon raises ${code}, with its text and its fields`, async (t) => {
    const failure = await raise(t);
    assert.equal(failure.code, code);
    assert.match(failure.message, text);
    assert.ok(!failure.message.includes('ERR_'), 'the code is a field, not a part of the text');
    assert.equal(failure.difference, difference);
    assert.deepEqual(
      Object.keys(failure).filter((name) => !['code', 'message'].includes(name)),
      difference === undefined ? [] : ['difference'],
    );
  });
}

test('An unusable message for a request of the worker names its code', async (t) => {
  const host = new Host(t);
  host.say(hello, { kind: 'upload', type: 'handled', tx: 'u' }, { kind: 'input', tx: 'u', payload: 'x'.repeat(5000) });
  const failure: Failure = await host.reported(control.InputRefused);
  assert.equal(failure.code, 'ERR_MESSAGE_TOO_LARGE');
  assert.match(failure.message, /^a message from the worker is too large: .*the limit is 4096 bytes/);
});

// Where there is no memory that processes can share.
if (process.platform !== 'linux') {
  test('The addon raises ERR_UNSUPPORTED_PLATFORM', () => {
    const { code, message } = thrown(() => new addon.NativeSharedMemory(1));
    assert.equal(code, 'ERR_UNSUPPORTED_PLATFORM');
    assert.match(message, /^cannot make a shared buffer of 1 bytes/);
  });
}
