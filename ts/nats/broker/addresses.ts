import type { NodeConnectionOptions } from '@nats-io/transport-node';

import { WorkerError } from '../../index.js';

/** A scheme, what comes before the last `@`, and the host with its port. */
const ADDRESS = /^([a-z]+:\/\/)?(?:([^/]*)@)?(.*)$/i;

/** The addresses without credentials, for error texts. */
export function addressesOf(servers: string | readonly string[] = '127.0.0.1:4222'): string {
  return [servers].flat().map(withoutCredentials).join(', ');
}

/** `nats://user:password@host` and `nats://token@host`: the client library reads no credentials in an address. */
export function splitCredentials(
  servers: string | readonly string[] | undefined,
): Pick<NodeConnectionOptions, 'servers' | 'user' | 'pass' | 'token'> {
  if (servers === undefined) return {};
  const all = [servers].flat();
  const [credentials, ...others] = new Set(all.map((server) => ADDRESS.exec(server)?.[2]).filter(isPresent));
  if (others.length > 0) {
    throw new WorkerError(
      'ERR_INVALID_OPTION',
      'the addresses of `servers` have different credentials. A connection has one user: name it in one address, or in `connection`.',
    );
  }
  return { servers: all.map(withoutCredentials), ...(credentials === undefined ? {} : decode(credentials)) };
}

function decode(credentials: string): { user: string; pass: string } | { token: string } {
  const colon = credentials.indexOf(':');
  try {
    if (colon < 0) return { token: decodeURIComponent(credentials) };
    return {
      user: decodeURIComponent(credentials.slice(0, colon)),
      pass: decodeURIComponent(credentials.slice(colon + 1)),
    };
  } catch (cause) {
    throw new WorkerError(
      'ERR_INVALID_OPTION',
      'an address of `servers` has credentials with a "%" that begins no encoded character. Write "%25" for it.',
      { cause },
    );
  }
}

function withoutCredentials(server: string): string {
  return server.replace(ADDRESS, (_, scheme: string | undefined, _credentials, rest: string) => (scheme ?? '') + rest);
}

function isPresent(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
