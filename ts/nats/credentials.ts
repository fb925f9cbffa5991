// Reads what the options of the command `isolated-workers serve` name.
import { readFileSync } from 'node:fs';

import type { Authenticator, NodeConnectionOptions } from '@nats-io/transport-node';

import { WorkerError } from '../index.js';
import { loadClient } from './broker/client.js';

/** Files and names by their option. A command line is no place for secrets: other users of the machine see it. */
export interface CredentialOptions {
  readonly user?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly 'token-file'?: string | undefined;
  /** The seed of an nkey. */
  readonly nkey?: string | undefined;
  /** A JWT and the seed of its nkey, as the tool `nsc` writes them. */
  readonly creds?: string | undefined;
  readonly 'tls-ca'?: string | undefined;
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
}

/** @throws `ERR_INVALID_OPTION` for a file that cannot be read, `ERR_PACKAGE_MISSING`. */
export async function readCredentials(options: CredentialOptions): Promise<NodeConnectionOptions> {
  const { user } = options;
  const [pass, token] = [textOf(options, 'password-file'), textOf(options, 'token-file')];
  const [ca, cert, key] = [textOf(options, 'tls-ca'), textOf(options, 'tls-cert'), textOf(options, 'tls-key')];
  const authenticator = await authenticatorOf(textOf(options, 'nkey'), textOf(options, 'creds'));
  return {
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(token === undefined ? {} : { token }),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(ca === undefined && cert === undefined && key === undefined
      ? {}
      : { tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } }),
  };
}

async function authenticatorOf(
  nkey: string | undefined,
  creds: string | undefined,
): Promise<Authenticator | undefined> {
  if (nkey === undefined && creds === undefined) return undefined;
  const { credsAuthenticator, nkeyAuthenticator } = await loadClient();
  const encoder = new TextEncoder();
  return creds === undefined
    ? nkeyAuthenticator(encoder.encode(nkey))
    : credsAuthenticator(encoder.encode(`${creds}\n`));
}

/** The file that an option names, without the line end that editors add. */
function textOf(options: CredentialOptions, option: keyof CredentialOptions): string | undefined {
  const file = options[option];
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (cause) {
    const text = `--${option} names the file ${file}, which cannot be read: ${(cause as Error).message}`;
    throw new WorkerError('ERR_INVALID_OPTION', text, { cause });
  }
}
