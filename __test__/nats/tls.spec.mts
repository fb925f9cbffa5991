// Brokers that demand TLS, and a certificate of their clients.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { atEnd } from '../fixtures/nats/at-end.mjs';
import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { Authority, noOpenssl } from '../fixtures/nats/certificates.mjs';
import { connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { failure, fixture } from '../fixtures/support.mjs';

const command = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

for (const verify of [false, true]) {
  const name = verify ? 'TLS and a certificate of its clients' : 'TLS';
  describe(`A NATS server that demands ${name}`, { skip: noBroker || noOpenssl }, () => {
    let broker: Broker;
    let authority: Authority;
    let other: Authority;
    let tls: Record<'caFile' | 'certFile' | 'keyFile', string> | { caFile: string };
    before(async () => {
      [authority, other] = [new Authority(), new Authority()];
      const { cert, key } = authority.sign('broker');
      const client = authority.sign('client');
      const lines = [
        `cert_file: ${cert}`,
        `key_file: ${key}`,
        `ca_file: ${authority.certificate}`,
        `verify: ${verify}`,
      ];
      broker = await Broker.start(['tls {', ...lines, '}']);
      tls = verify
        ? { caFile: authority.certificate, certFile: client.cert, keyFile: client.key }
        : { caFile: authority.certificate };
    });
    after(async () => {
      await broker.close();
      authority.remove();
      other.remove();
    });

    test('serves both sides that trust it and are trusted', async (t) => {
      const serving = await serveEcho(t, broker.url, { connection: { tls } });
      const worker = await connectEcho(t, broker.url, {}, { connection: { tls } });
      assert.equal(await worker.send('echo', 1), 1);
      assert.deepEqual([await worker.send('pid')], serving.pids);
    });

    test('is refused by both sides that do not know its authority', async (t) => {
      for (const connection of [{}, { tls: { ...tls, caFile: other.certificate } }]) {
        const refused = [connectEcho(t, broker.url, {}, { connection }), serveEcho(t, broker.url, { connection })];
        for (const error of await Promise.all(refused.map(failure))) {
          assert.equal(error.code, 'ERR_DRIVER_FAILED');
          assert.match(error.message, /certificate.*Check `tls` of the option `connection`/);
        }
      }
    });

    if (verify) {
      test('refuses both sides without a certificate, and with one of another authority', async (t) => {
        const { cert, key } = other.sign('client');
        const { caFile } = tls;
        for (const wrong of [{ caFile }, { caFile, certFile: cert, keyFile: key }]) {
          const connection = { tls: wrong };
          const refused = [connectEcho(t, broker.url, {}, { connection }), serveEcho(t, broker.url, { connection })];
          for (const error of await Promise.all(refused.map(failure))) {
            assert.equal(error.code, 'ERR_DRIVER_FAILED', String(error));
            assert.match(error.message, /`tls` of the option `connection`/);
          }
        }
      });
    }

    test('serves the command that has the files', async (t) => {
      const files = Object.entries(tls).flatMap(([option, file]) => [`--tls-${option.replace('File', '')}`, file]);
      const script = fileURLToPath(fixture('nats/worker.mjs'));
      const args = [command, 'serve', script, '--nats', broker.url, '--name', 'echo', '--workers', '1', ...files];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      atEnd(t, () => child.kill('SIGKILL'));
      await once(createInterface(child.stdout), 'line');
      // The contents of the files do as well.
      const contents = Object.entries(tls).map(([option, file]) => [option.replace('File', ''), readFileSync(file)]);
      const worker = await connectEcho(t, broker.url, {}, { connection: { tls: Object.fromEntries(contents) } });
      assert.equal(await worker.send('echo', 2), 2);
    });
  });
}

test('A NATS server without TLS is refused by both sides that demand it', { skip: noBroker }, async (t) => {
  const broker = await Broker.of(t);
  const connection = { tls: {} };
  const refused = [connectEcho(t, broker.url, {}, { connection }), serveEcho(t, broker.url, { connection })];
  for (const error of await Promise.all(refused.map(failure))) {
    assert.equal(error.code, 'ERR_DRIVER_FAILED');
    assert.match(error.message, /tls/);
  }
});
