// Brokers that demand credentials: what `connection`, an address and the command's options give them, and what wrong ones lead to.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { credsAuthenticator, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';

import { NatsDriver, type NatsOptions } from 'isolated-workers/drivers/nats';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { begun, connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { userWithToken } from '../fixtures/nats/user-token.mjs';
import { failure, fixture } from '../fixtures/support.mjs';

const command = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const SECRET = 'a secret: 50% @ home';

interface Kind {
  /** Lines of the broker's configuration. */
  readonly settings: readonly string[];
  readonly right: NatsOptions['connection'] & object;
  readonly wrong: NatsOptions['connection'] & object;
  /** Options of the command, each the name of a file with a text, or a text. */
  readonly flags: Readonly<Record<string, string | { file: string }>>;
}

const user = nkeys.createUser();
const stranger = nkeys.createUser();
const token = userWithToken();
const bytes = (text: string) => new TextEncoder().encode(text);

const kinds: Record<string, Kind> = {
  'a user and a password': {
    settings: [`authorization { user: iw, password: ${JSON.stringify(SECRET)} }`],
    right: { user: 'iw', pass: SECRET },
    wrong: { user: 'iw', pass: 'the wrong secret' },
    flags: { user: 'iw', 'password-file': { file: SECRET } },
  },
  'a token': {
    settings: [`authorization { token: ${JSON.stringify(SECRET)} }`],
    right: { token: SECRET },
    wrong: { token: 'the wrong secret' },
    flags: { 'token-file': { file: `${SECRET}\n` } },
  },
  'an nkey': {
    settings: [`authorization { users: [{ nkey: ${user.getPublicKey()} }] }`],
    right: { authenticator: nkeyAuthenticator(user.getSeed()) },
    wrong: { authenticator: nkeyAuthenticator(stranger.getSeed()) },
    flags: { nkey: { file: `${Buffer.from(user.getSeed()).toString()}\n` } },
  },
  'a JWT': {
    settings: token.settings,
    right: { authenticator: credsAuthenticator(bytes(token.creds)) },
    wrong: { authenticator: credsAuthenticator(bytes(userWithToken().creds)) },
    flags: { creds: { file: token.creds } },
  },
};

for (const [name, { settings, right, wrong, flags }] of Object.entries(kinds)) {
  describe(`A NATS server that demands ${name}`, { skip: noBroker }, () => {
    let broker: Broker;
    let folder: string;
    before(async () => {
      broker = await Broker.start(settings);
      folder = mkdtempSync(path.join(os.tmpdir(), 'credentials-'));
    });
    after(async () => {
      await broker.close();
      rmSync(folder, { recursive: true });
    });

    test('serves both sides that have it', async (t) => {
      await serveEcho(t, broker.url, { connection: right });
      const worker = await connectEcho(t, broker.url, {}, { connection: right });
      assert.equal(await worker.send('echo', 1), 1);
    });

    for (const [what, connection] of Object.entries({ wrong, 'no ': {} })) {
      test(`refuses both sides with ${what} credentials: ERR_NOT_AUTHORIZED, without the secret`, async (t) => {
        const refused = [connectEcho(t, broker.url, {}, { connection }), serveEcho(t, broker.url, { connection })];
        for (const error of await Promise.all(refused.map(failure))) {
          assert.equal(error.code, 'ERR_NOT_AUTHORIZED', String(error));
          assert.ok(error.message.includes(broker.address), error.message);
          assert.doesNotMatch(error.message, /secret/);
        }
      });
    }

    test('takes it from the options of the command', async (t) => {
      const given = Object.entries(flags).flatMap(([flag, value]) => {
        if (typeof value === 'string') return [`--${flag}`, value];
        const file = path.join(folder, flag);
        writeFileSync(file, value.file, { mode: 0o600 });
        return [`--${flag}`, file];
      });
      const line = await serveByCommand(t, broker, given);
      assert.match(line, /^serving 1 workers/);
      const worker = await connectEcho(t, broker.url, {}, { connection: right });
      assert.equal(await worker.send('echo', 2), 2);
    });

    test('refuses a command without it, which exits with 1 after ERR_NOT_AUTHORIZED', async (t) => {
      assert.match(await serveByCommand(t, broker, []), /^ERR_NOT_AUTHORIZED: .* refuses the credentials/);
    });

    test('that no longer knows it ends the session and the serving: ERR_NOT_AUTHORIZED', async (t) => {
      const serving = await serveEcho(t, broker.url, { connection: right });
      const patient = { connection: right, heartbeat: { interval: 1000, timeout: 10_000 } };
      const worker = await connectEcho(t, broker.url, {}, patient);
      const lost = failure(worker.send('never'));
      await begun(worker);
      await broker.restart(['authorization { user: other, password: other }']);
      assert.equal((await lost).cause?.code, 'ERR_NOT_AUTHORIZED');
      assert.equal((await serving.closed)?.code, 'ERR_NOT_AUTHORIZED');
    });
  });
}

describe('The addresses of a broker', { skip: noBroker }, () => {
  test('may have a user and a password', async (t) => {
    const broker = await Broker.of(t, kinds['a user and a password']!.settings);
    const address = `nats://iw:${encodeURIComponent(SECRET)}@${broker.address}`;
    await serveEcho(t, address);
    assert.equal(await (await connectEcho(t, address)).send('echo', 1), 1);
    const wrong = `nats://iw:hidden@${broker.address}`;
    for (const error of await Promise.all([connectEcho(t, wrong), serveEcho(t, wrong)].map(failure))) {
      assert.equal(error.code, 'ERR_NOT_AUTHORIZED');
      assert.doesNotMatch(error.message, /hidden/);
    }
  });

  test('may have a token', async (t) => {
    const broker = await Broker.of(t, kinds['a token']!.settings);
    const address = `nats://${encodeURIComponent(SECRET)}@${broker.address}`;
    await serveEcho(t, address);
    assert.equal(await (await connectEcho(t, address)).send('echo', 1), 1);
  });
});

test('Addresses with different credentials, and such that are no text, are refused', () => {
  for (const servers of [['nats://a:b@127.0.0.1', 'nats://a:c@127.0.0.1'], 'nats://a:50%@127.0.0.1']) {
    assert.throws(() => new NatsDriver({ servers }), { code: 'ERR_INVALID_OPTION' });
  }
});

test('A file of credentials that does not exist is named with its option', async (t) => {
  const line = await serveByCommand(t, { url: 'nats://127.0.0.1:1' }, ['--token-file', '/nowhere/token']);
  assert.match(line, /^ERR_INVALID_OPTION: --token-file names the file \/nowhere\/token/);
});

/** Runs `isolated-workers serve`; resolves with its first line on either output. */
async function serveByCommand(t: TestContext, { url }: { url: string }, options: string[]): Promise<string> {
  const script = fileURLToPath(fixture('nats/worker.mjs'));
  const args = [command, 'serve', script, '--nats', url, '--name', 'echo', '--workers', '1', ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  const lines = [child.stdout, child.stderr].map((output) => once(createInterface(output), 'line'));
  const [line] = (await Promise.race(lines)) as [string];
  if (line.startsWith('serving')) {
    t.after(async () => {
      child.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null]);
    });
  } else assert.deepEqual(await ended, [1, null]);
  return line;
}
